/** What became of a request, as plain data that a worker thread can send. */
import { InvalidInput, type InvalidInputReason } from "../data/index.ts";
import { ServingError, type ServingErrorCode } from "./serving-error.ts";

/** An answer, and what page, log and metrics want to know of it. */
export interface Answered<Answer> {
  readonly answer: Answer;
  readonly probabilities?: readonly number[];
  readonly label?: string;
  /** Probability of what was answered. */
  readonly confidence?: number;
}

/** A `ServingError` on its way between threads. */
export interface Refusal {
  readonly code: ServingErrorCode;
  readonly message: string;
  readonly path?: string | undefined;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  /** What failed inside, for the log. */
  readonly cause?: unknown;
}

export type Outcome<Answer> = { readonly answered: Answered<Answer> } | { readonly refusal: Refusal };

const codes: Readonly<Record<InvalidInputReason, ServingErrorCode>> = {
  unreadable: "unreadable-input",
  unsupported: "unsupported-media-type",
  "too-large": "input-too-large",
  invalid: "invalid-input",
};

/** An error of preparation: the sender's fault where it says so. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof InvalidInput) {
    const { reason, message, path, expected, got } = error;
    return { code: codes[reason], message, path, expected, got };
  }
  if (error instanceof ServingError) {
    const { code, message, path, expected, got } = error;
    return { code, message, path, expected, got };
  }
  return modelFailed(error);
}

export function modelFailed(cause: unknown): Refusal {
  return {
    code: "model-failed",
    message: "the model failed on this input; the log of the service says why",
    // Not every error survives the way between threads.
    cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
  };
}

export const errorOf = ({ code, message, ...details }: Refusal): ServingError =>
  new ServingError(code, message, details);
