/** One row, or one place in a file, that is not as declared. */
export interface BadRow {
  /** Physical line in a text file, row number in a Parquet file; the first is 1. */
  readonly line: number;
  readonly column?: string;
  readonly expected?: string;
  readonly got?: unknown;
  readonly message: string;
}

/** Data that cannot be read as declared: what is wrong and where, as data and in words. */
export class DataError extends Error {
  override readonly name = "DataError";
  readonly file: string;
  readonly badRows: readonly BadRow[];

  constructor(file: string, message: string, badRows: readonly BadRow[] = [], options?: ErrorOptions) {
    super(message, options);
    this.file = file;
    this.badRows = badRows;
  }
}
