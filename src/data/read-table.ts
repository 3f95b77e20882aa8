import type { z } from "zod";
import type { Dataset } from "./dataset.ts";
export interface ReadTableOptions {
  /** Name of the dataset; the file's name without its extension unless given. */
  readonly name?: string;
}
/** Reads a CSV, TSV, JSONL or Parquet file, by its extension. */
export async function readTable<Row>(
  file: string,
  schema: z.ZodType<Row>,
  options: ReadTableOptions = {},
): Promise<Dataset<Row>> {
  throw new Error(`not written yet: ${file} ${schema} ${options.name}`);
}
