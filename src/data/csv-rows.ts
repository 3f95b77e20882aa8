import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { DataError } from "./data-error.ts";
import { cellValue, missingColumns } from "./declared-columns.ts";
import type { TableRow, TableSource } from "./table-row.ts";
import { textChunks } from "./text-chunks.ts";

/**
 * Comma-separated values after RFC 4180: quoted fields may hold commas, quotes and line ends. Where the header has
 * semicolons and no comma these separate, as Excel writes it wherever numbers have a decimal comma.
 */
export async function* csvRows(source: TableSource): AsyncGenerator<TableRow> {
  const chunks = textChunks(source);
  const { value: first = "" } = await chunks.next();
  const [header = ""] = first.split(/[\r\n]/, 1);
  const delimiter = header.includes(";") && !header.includes(",") ? ";" : ",";
  const text = async function* () {
    yield first;
    yield* chunks;
  };
  yield* separatedRows(source, { text: text(), delimiter, quote: '"' });
}

/** Tab-separated values: a quote is a character like any other (IANA text/tab-separated-values). */
export const tsvRows = (source: TableSource): AsyncGenerator<TableRow> =>
  separatedRows(source, { text: textChunks(source), delimiter: "\t", quote: false });

interface SeparatedText {
  readonly text: AsyncIterable<string>;
  readonly delimiter: string;
  readonly quote: string | false;
}

async function* separatedRows(
  source: TableSource,
  { text, ...dialect }: SeparatedText,
): AsyncGenerator<TableRow> {
  const { file, columns } = source;
  const lines = lineCounter();
  const parser = parse({
    ...dialect,
    record_delimiter: ["\r\n", "\n", "\r"],
    skip_empty_lines: true,
    // The number of fields is checked here, where the line and the header are known.
    relax_column_count: true,
    // Called as the parser goes, which is ahead of the loop below: the line travels with the fields.
    on_record: (fields: string[], info) => [String(lines.recordEnds(fields, info.lines)), ...fields],
  });
  // An error destroys the parser, so that the loop below meets it.
  pipeline(Readable.from(text), parser, () => {});

  let header: string[] | undefined;
  try {
    for await (const [begins, ...fields] of parser as AsyncIterable<string[]>) {
      const line = Number(begins);
      if (header === undefined) header = checkedHeader(fields, source, line);
      else yield { line, content: named(fields, header, columns) };
    }
  } catch (error) {
    if (error instanceof CsvError) throw brokenQuote(error, file, lines);
    throw error;
  }
  if (header === undefined)
    throw new DataError(
      "unreadable_file",
      file,
      `${file}: is empty, expected a header line with ${columns.required.join(", ") || "the columns' names"}`,
    );
}

/** Lines as an editor counts them; the parser counts a carriage return inside quotes as one more. */
function lineCounter() {
  let returns = 0;
  let end = 0;
  return {
    /** @returns the line where the record begins that ends at the parser's line `counted` */
    recordEnds(fields: readonly string[], counted: number): number {
      const text = fields.join("");
      returns += count(text, "\r");
      end = counted - returns;
      return end - count(text, "\n");
    },
    lineOf: (counted: number): number => counted - returns,
    lineAfterLastRecord: (): number => end + 1,
  };
}

const count = (text: string, character: string): number => text.split(character).length - 1;

function checkedHeader(header: string[], { file, columns }: TableSource, line: number): string[] {
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  const expected =
    twice === undefined
      ? missingColumns(columns, header)
      : `must name each column once, got ${JSON.stringify(twice)} twice`;
  if (expected === undefined) return header;
  const badRows = [{ line, expected }];
  throw new DataError("bad_rows", file, `${file}:${line}: the header ${expected}`, { badRows });
}

function named(
  record: string[],
  header: readonly string[],
  { types }: TableSource["columns"],
): TableRow["content"] {
  if (record.length !== header.length)
    return `must have ${header.length} fields (${header.join(", ")}), got ${record.length}`;
  return Object.fromEntries(header.map((column, i) => [column, cellValue(record[i]!, types.get(column))]));
}

function brokenQuote(cause: CsvError, file: string, lines: ReturnType<typeof lineCounter>): DataError {
  const neverClosed = cause.code === "CSV_QUOTE_NOT_CLOSED";
  const line = neverClosed ? lines.lineAfterLastRecord() : lines.lineOf(Number(cause.lines));
  const expected = neverClosed
    ? 'a field of this row begins with a quote that is never closed; write a quote inside a field as ""'
    : 'a quote may only enclose a whole field; put the field in quotes and write the quote inside it as ""';
  const badRows = [{ line, expected }];
  return new DataError("unreadable_file", file, `${file}:${line}: ${expected}`, { cause, badRows });
}
