/** What went wrong, for programs. */
export type MonitoringErrorCode =
  | "missing_column"
  | "empty_column"
  | "mixed_types"
  | "different_types"
  | "unknown_method"
  | "wrong_type"
  | "undefined_test"
  | "invalid_option"
  | "no_rows";

/** Data that cannot be compared; the message says which column, what was expected, and what was there. */
export class MonitoringError extends Error {
  override readonly name = "MonitoringError";
  readonly code: MonitoringErrorCode;
  /** The column in question, where it is one. */
  readonly column: string | undefined;

  constructor(code: MonitoringErrorCode, message: string, { column }: { column?: string } = {}) {
    super(message);
    this.code = code;
    this.column = column;
  }
}
