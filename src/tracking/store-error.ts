/** `unavailable`: the database or server cannot be reached; `no-space`: its disk is full, nothing was lost. */
export type StoreErrorCode =
  | "not-found"
  | "already-exists"
  | "invalid"
  | "newer-database"
  | "unavailable"
  | "no-space";

/** What the store refuses: data first, words for the person last. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** What was meant: `run`, `param lr`, `filter`, `database schema`. */
  readonly subject: string;
  readonly expected?: string;
  readonly got?: string;

  constructor(
    code: StoreErrorCode,
    subject: string,
    message: string,
    { expected, got, cause }: { expected?: string; got?: string; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StoreError";
    this.code = code;
    this.subject = subject;
    if (expected !== undefined) this.expected = expected;
    if (got !== undefined) this.got = got;
  }
}
