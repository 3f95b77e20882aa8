import { readFile } from "node:fs/promises";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "./data-error.ts";
import { missingColumns } from "./declared-columns.ts";
import type { TableRow, TableSource } from "./table-row.ts";

/** Rows of a Parquet file; 64-bit integers become numbers where a number holds them exactly. */
export async function* parquetRows({ file, columns, onBytes }: TableSource): AsyncGenerator<TableRow> {
  const bytes = await readFile(file);
  onBytes(bytes);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const rows = await parquetReadObjects({ file: buffer, compressors }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError("unreadable_file", file, `${file}: is no Parquet file that can be read: ${reason}`, {
      cause,
    });
  });
  const missing = rows[0] && missingColumns(columns, Object.keys(rows[0]));
  if (missing !== undefined) throw new DataError("bad_rows", file, `${file}: ${missing}`);
  for (const [i, row] of rows.entries()) yield { line: i + 1, content: withNumbers(row) };
}

const withNumbers = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value,
    ]),
  );
