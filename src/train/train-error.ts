/** What went wrong, for programs: each code is explained where it is thrown. */
export type TrainErrorCode =
  | "invalid-settings"
  | "not-finite"
  | "unknown-metric"
  | "missing-output"
  | "settings-differ"
  | "checkpoint-exists"
  | "checkpoint-failed";

/** Training could not go on; the message says what to do. */
export class TrainError extends Error {
  override readonly name = "TrainError";
  readonly code: TrainErrorCode;
  /** The facts of the message as data: step, learning rate, rows, differing settings. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: TrainErrorCode,
    message: string,
    { details = {}, cause }: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.details = details;
  }
}
