/** What is wrong with an input: it cannot be read at all, is of a kind that is not taken, too large, or something else. */
export type InvalidInputReason = "unreadable" | "unsupported" | "too-large" | "invalid";

export interface InvalidInputDetails extends ErrorOptions {
  /** Where in the input: `image`. */
  readonly path?: string;
  readonly expected?: string;
  readonly got?: string;
}

/**
 * An input that `prepare` cannot work with, by the fault of whoever sent it: a file cut short, a text without words. A
 * service answers it with a status from 400 to 499 and this message; every other error of `prepare` is its own fault.
 */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
  readonly reason: InvalidInputReason;
  readonly path: string | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;

  constructor(
    reason: InvalidInputReason,
    message: string,
    { path, expected, got, ...options }: InvalidInputDetails = {},
  ) {
    super(message, options);
    this.reason = reason;
    this.path = path;
    this.expected = expected;
    this.got = got;
  }
}
