/** The kinds of refusal and failure, each with the HTTP status that it is answered with. */
export const servingStatus = {
  "invalid-json": 400,
  "invalid-form": 400,
  "invalid-query": 400,
  "unreadable-input": 400,
  "invalid-body": 422,
  "invalid-input": 422,
  "request-timeout": 408,
  "input-too-large": 413,
  "body-too-large": 413,
  "unsupported-media-type": 415,
  "not-found": 404,
  "method-not-allowed": 405,
  "rate-limited": 429,
  // Nobody reads it; nginx has given the case this number.
  "client-gone": 499,
  overloaded: 503,
  "deadline-exceeded": 503,
  closing: 503,
  "model-failed": 500,
  internal: 500,
  "route-taken": 500,
} as const;

export type ServingErrorCode = keyof typeof servingStatus;

export interface ServingErrorDetails {
  /** Where in the body: `statement`, `items.3.text`. */
  readonly path?: string | undefined;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  /** When it is worth asking again. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/**
 * What a service refuses or fails at: data first, words for the person last.
 * A task may throw one from `toInput` or `prepare`; it is answered with the status of its code.
 */
export class ServingError extends Error {
  override readonly name = "ServingError";
  readonly code: ServingErrorCode;
  readonly path: string | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ServingErrorCode, message: string, details: ServingErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.path = details.path;
    this.expected = details.expected;
    this.got = details.got;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
