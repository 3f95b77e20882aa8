import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname } from "node:path";
import type { z } from "zod";
import { csvRows, tsvRows } from "./csv-rows.ts";
import { type BadRow, DataError } from "./data-error.ts";
import type { Dataset } from "./dataset.ts";
import { declaredColumns, nearestName } from "./declared-columns.ts";
import { jsonlRows } from "./jsonl-rows.ts";
import { parquetRows } from "./parquet-rows.ts";
import { describeBadRow, rowProblem } from "./row-problem.ts";
import type { RowReader } from "./table-row.ts";
import { isGzip } from "./text-chunks.ts";

const READERS: Readonly<Record<string, RowReader>> = {
  ".csv": csvRows,
  ".tsv": tsvRows,
  ".jsonl": jsonlRows,
  ".ndjson": jsonlRows,
  ".parquet": parquetRows,
};

/** The reader that a file's name asks for: by its extension, behind which .gz says that a text file is compressed. */
function readerOf(file: string): RowReader {
  const extension = isGzip(file) ? extname(file.slice(0, -".gz".length)) : extname(file);
  const reader = READERS[extension.toLowerCase()];
  if (reader !== undefined && !(isGzip(file) && reader === parquetRows)) return reader;
  const expected = `${Object.keys(READERS).join(", ")}, or of a compressed text file in .csv.gz and so on`;
  const got = extension + (isGzip(file) ? ".gz" : "");
  throw new DataError("unreadable_file", file, `${file}: must end in ${expected}, got "${got}"`);
}

/** So many bad rows tell what is wrong; the rest of the file is not read. */
const MOST_BAD_ROWS = 5;

export interface ReadTableOptions {
  /** Name of the dataset; the file's name without its extension unless given. */
  readonly name?: string;
}

/**
 * Reads a table whose rows are as `schema` declares them. The file's extension says how: .csv (RFC 4180, or with semicolons), .tsv, .jsonl,
 * .ndjson (compressed where .gz follows) or .parquet; text must be UTF-8. One schema serves all: in text files "1" and
 * "true" become numbers and booleans where the schema takes no text, and an empty cell is null or absent. Columns that it
 * does not name are left out.
 *
 * @throws {DataError} with file, line, column, what was expected and what was there, for up to five bad rows
 */
export async function readTable<Row>(
  file: string,
  schema: z.ZodType<Row>,
  { name = basename(file, extname(file)) }: ReadTableOptions = {},
): Promise<Dataset<Row>> {
  const reader = readerOf(file);
  await requireFile(file);

  const hash = createHash("sha256");
  const source = {
    file,
    columns: declaredColumns(schema),
    onBytes: (bytes: Uint8Array) => hash.update(bytes),
  };
  const rows: Row[] = [];
  const badRows: BadRow[] = [];
  for await (const { line, content } of reader(source)) {
    if (typeof content === "string") {
      badRows.push({ line, expected: content });
    } else {
      const { data, error } = schema.safeParse(content);
      if (error === undefined) rows.push(data);
      else badRows.push(rowProblem(error.issues[0]!, content, line));
    }
    if (badRows.length === MOST_BAD_ROWS) break;
  }
  if (badRows.length > 0) throw badRowsError(file, badRows);
  if (rows.length === 0)
    throw new DataError("unreadable_file", file, `${file}: has no rows, expected at least one`);
  return { name, rows, hash: hash.digest("hex"), source: file };
}

function badRowsError(file: string, badRows: readonly BadRow[]): DataError {
  const lines = badRows.map((row) => `${file}:${row.line}: ${describeBadRow(row)}`);
  if (badRows.length === MOST_BAD_ROWS)
    lines.push(`${file}: stopped reading after ${MOST_BAD_ROWS} bad rows`);
  return new DataError("bad_rows", file, lines.join("\n"), { badRows });
}

async function requireFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return;
  if (found !== undefined) throw new DataError("missing_file", file, `${file}: must be a file, got a folder`);
  const folder = dirname(file);
  const beside = await readdir(folder).catch(() => undefined);
  if (beside === undefined)
    throw new DataError("missing_file", file, `${file}: there is no folder ${folder}`);
  throw new DataError(
    "missing_file",
    file,
    `${file}: there is no such file${instead(basename(file), beside)}`,
  );
}

/** What could have been meant among the files of a folder. */
function instead(name: string, beside: readonly string[]): string {
  const like = nearestName(name, beside);
  if (like !== undefined) return `; did you mean ${like}?`;
  const tables = beside.filter((other) => extname(other.replace(/\.gz$/, "")).toLowerCase() in READERS);
  if (tables.length === 0) return "; its folder has no table";
  return `; its folder has ${tables.sort().slice(0, 5).join(", ")}${tables.length > 5 ? ", ..." : ""}`;
}
