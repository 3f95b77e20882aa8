import { createHash } from "node:crypto";
import type { Dataset } from "./dataset.ts";

/**
 * Some rows of a dataset as one of their own. Where they are not all of it their hash is of them, so that what was
 * measured on fifty rows is never taken for what was measured on the whole file.
 */
export function partOfDataset<Row>(
  whole: Dataset<Row>,
  rows: readonly Row[],
  { name = whole.name }: { readonly name?: string } = {},
): Dataset<Row> {
  const isWhole = rows.length === whole.rows.length && rows.every((row, i) => row === whole.rows[i]);
  return { ...whole, name, rows, hash: isWhole ? whole.hash : hashOf(rows) };
}

function hashOf(rows: readonly unknown[]): string {
  const hash = createHash("sha256");
  for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
  return hash.digest("hex");
}
