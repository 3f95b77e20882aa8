/** What can go wrong with data. */
export type DataErrorCode =
  | "missing_file"
  | "unreadable_file"
  | "bad_rows"
  | "invalid_option"
  /** A row that is as declared, but of which the task can make no example. */
  | "unprepared_row"
  /** A thread that prepares rows did not start, or ended. */
  | "worker_failed";

/** One place in a file that is not as declared. */
export interface BadRow {
  /** Line of a text file where the row begins, number of the row in a Parquet file; the first is 1. */
  readonly line: number;
  readonly column?: string;
  /** What should stand there, as in "must be 0 or 1". */
  readonly expected: string;
  /** What stands there; absent where nothing does. */
  readonly got?: unknown;
}

/** Data that cannot be read as declared: what is wrong and where, as data and in words. */
export class DataError extends Error {
  override readonly name = "DataError";
  readonly code: DataErrorCode;
  /** File, option or split the error is about. */
  readonly path: string;
  readonly badRows: readonly BadRow[];

  constructor(
    code: DataErrorCode,
    path: string,
    message: string,
    { badRows = [], ...options }: ErrorOptions & { badRows?: readonly BadRow[] } = {},
  ) {
    super(message, options);
    this.code = code;
    this.path = path;
    this.badRows = badRows;
  }
}
