import { missingColumns } from "./declared-columns.ts";
import type { TableRow, TableSource } from "./table-row.ts";
import { textChunks } from "./text-chunks.ts";

/** One JSON object a line (JSON Lines, also called ndjson); blank lines are skipped. */
export async function* jsonlRows(source: TableSource): AsyncGenerator<TableRow> {
  let line = 0;
  for await (const text of lines(textChunks(source))) {
    line++;
    if (text.trim() !== "") yield { line, content: parsed(text, source.columns) };
  }
}

async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const [first = "", ...others] = chunk.split("\n");
    rest += first;
    for (const next of others) {
      yield rest;
      rest = next;
    }
  }
  if (rest !== "") yield rest;
}

function parsed(text: string, columns: TableSource["columns"]): TableRow["content"] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `must be JSON: ${error instanceof Error ? error.message : error}`;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return `must be a JSON object, got ${text.slice(0, 40)}`;
  return missingColumns(columns, Object.keys(value)) ?? { ...value };
}
