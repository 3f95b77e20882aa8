/** Rows with the place and the content hash of the file they came from. */
export interface Dataset<Row> {
  readonly name: string;
  readonly rows: readonly Row[];
  /** SHA-256, hexadecimal: of the file's bytes, or of the rows where these are a part of it. */
  readonly hash: string;
  /** The file, as it was named when it was read. */
  readonly source: string;
}

/** What a run remembers about a dataset. */
export interface DatasetRecord {
  readonly name: string;
  readonly rows: number;
  readonly hash: string;
  readonly source: string;
}

/** The dataset without its rows, for the record of a run. */
export const describeDataset = ({ name, rows, hash, source }: Dataset<unknown>): DatasetRecord => ({
  name,
  rows: rows.length,
  hash,
  source,
});
