/** What is said between a service and the threads that answer for it. */
import type { NdArrays } from "../tensor/index.ts";
import type { Answered, Outcome, Refusal } from "./outcome.ts";

/** Where a thread finds task and model: the URL of a module whose export `openServable` opens them. */
export interface ServableSource {
  readonly module: string;
  /** Plain data. */
  readonly options: unknown;
}

export interface ThreadData {
  readonly source: ServableSource;
  /** Threads of one run of the model. */
  readonly threads: number;
}

export type Job = { readonly id: number } & (
  | { readonly kind: "answer"; readonly inputs: readonly unknown[] }
  | { readonly kind: "run"; readonly tensors: NdArrays }
  /** `stop` holds an int32 that is 1 once nobody waits any more. */
  | { readonly kind: "stream"; readonly input: unknown; readonly stop: SharedArrayBuffer }
);

export type Ran = { readonly tensors: NdArrays } | { readonly refusal: Refusal };

export type ThreadMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "unopened"; readonly error: Error }
  | { readonly kind: "answered"; readonly id: number; readonly outcomes: readonly Outcome<unknown>[] }
  | { readonly kind: "ran"; readonly id: number; readonly ran: Ran }
  | { readonly kind: "part"; readonly id: number; readonly part: Answered<unknown> }
  | { readonly kind: "streamed"; readonly id: number; readonly outcome: Outcome<unknown> };
