/** A row as a file holds it, before the schema has seen it. */
export interface TableRow {
  /** Line where it begins (text files) or number of the row (Parquet), from 1. */
  readonly line: number;
  /** Its columns; or why it has none, as in "has 3 fields, expected 2". */
  readonly content: Readonly<Record<string, unknown>> | string;
}

/** Reads the rows of one kind of file, in order. */
export type RowReader = (source: TableSource) => AsyncGenerator<TableRow>;

export interface TableSource {
  readonly file: string;
  readonly columns: DeclaredColumns;
  /** Is told every byte of the file, in order. */
  readonly onBytes: (bytes: Uint8Array) => void;
}

/** The columns that a schema asks for. */
export interface DeclaredColumns {
  /** Columns that every row must have. */
  readonly required: readonly string[];
  /** JSON types that a column takes; nothing is known of a column that is absent here. */
  readonly types: ReadonlyMap<string, ReadonlySet<string>>;
}
