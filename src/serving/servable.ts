import type { z } from "zod";
import type { Preparation } from "../data/index.ts";
import type { NdArrays } from "../tensor/index.ts";

/** What a service asks of a task. An input and an answer must be something that JSON can write. */
export interface Servable<Input, Example, Answer> extends Preparation<Input, Example> {
  /** One answer for each row of the model's outputs, in order. */
  respond(outputs: NdArrays): Answer[];
  /** One per class in the order of the model's labels, where the task has classes: for page and log. */
  probabilities?(answer: Answer): readonly number[];
}

/** The project's own route: its body, and how it becomes the task's input and the reply. */
export interface ServiceRoute<Input, Answer, Body = unknown, Reply = unknown> {
  /** A `POST` carries its body as JSON, a `GET` carries it in the query. */
  readonly method: "POST" | "GET";
  readonly path: string;
  readonly summary: string;
  readonly request: z.ZodType<Body>;
  readonly response: z.ZodType<Reply>;
  /** A right body: shown in `/docs`, and by every message about a wrong one. */
  readonly example: Body;
  toInput(body: Body): Input;
  toReply(answer: Answer): Reply;
}

/** A Prometheus histogram over inputs, such as `review_length`. */
export interface InputMetric<Input> {
  readonly name: string;
  readonly help: string;
  readonly buckets: readonly number[];
  measure(input: Input): number;
}
