import type { z } from "zod";
import type { Preparation } from "../data/preparation.ts";
import type { NdArrays } from "../tensor/index.ts";

/** What a service asks of a task. */
export interface Servable<Input, Example, Answer> extends Preparation<Input, Example> {
  /** One answer for each row of the model's outputs, in order. */
  respond(outputs: NdArrays): Answer[];
}

/** The project's own route: its body, and how it becomes the task's input and the reply. */
export interface ServiceRoute<Input, Answer, Body = unknown, Reply = unknown> {
  readonly method: "POST" | "GET";
  readonly path: string;
  readonly summary: string;
  readonly request: z.ZodType<Body>;
  readonly response: z.ZodType<Reply>;
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
