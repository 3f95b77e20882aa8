import type { z } from "zod";
import type { Preparation } from "../data/index.ts";
import type { NdArrays } from "../tensor/index.ts";

/** What a service asks of a task. An input and an answer must be something that JSON can write. */
export interface Servable<Input, Example, Answer> extends Preparation<Input, Example> {
  /** One answer for each row of the model's outputs, in order. */
  respond(outputs: NdArrays): Answer[];
  /** One per class in the order of the model's labels, where the task has classes: for page and log. */
  probabilities?(answer: Answer): readonly number[];
  /** Of what was answered; the largest of the probabilities unless given. */
  confidence?(answer: Answer): number;
  /** What the answer comes to in a word, where there are few: answers are counted by it, `positive` so many. */
  label?(answer: Answer): string;
}

/** A model that answers batches, opened in the thread that uses it. */
export interface ServableModel {
  run(inputs: NdArrays): Promise<NdArrays>;
  /**
   * The same for one input, told the outputs so far while they grow.
   * @param onOutputs throws to end it early, when nobody waits for the rest
   */
  stream?(inputs: NdArrays, onOutputs: (outputs: NdArrays) => void): Promise<NdArrays>;
  close(): Promise<void>;
}

/** A task and its model, opened to answer requests. */
export interface OpenedServable<Input, Example, Answer> {
  readonly servable: Servable<Input, Example, Answer>;
  readonly model: ServableModel;
}

/** A file of a form. */
export interface UploadedFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** The project's own route: its body, and how it becomes the task's input and the reply. */
export interface ServiceRoute<Input, Answer, Body = unknown, Reply = unknown> {
  readonly method: "POST" | "GET";
  /** Where the body is: JSON (of a `POST`, unless given), the query (of a `GET`), or a `multipart/form-data` with files. */
  readonly reads?: "json" | "query" | "form";
  readonly path: string;
  readonly summary: string;
  readonly request: z.ZodType<Body>;
  readonly response: z.ZodType<Reply>;
  /** A right body: shown in `/docs`, and by every message about a wrong one. */
  readonly example: Body;
  toInput(body: Body): Input;
  toReply(answer: Answer, body: Body): Reply;
  /** Whether the answer to this body is sent in parts while the model writes it, as server-sent events. */
  streams?(body: Body): boolean;
}

/** A Prometheus histogram over inputs, such as `review_length`. */
export interface InputMetric<Input> {
  readonly name: string;
  readonly help: string;
  readonly buckets: readonly number[];
  measure(input: Input): number;
}
