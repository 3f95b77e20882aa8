/** Tables by column: numbers as typed arrays, categories as texts. */
import { MonitoringError } from "./monitoring-error.ts";

/** Numbers, of which NaN and infinities are missing values; or categories, of which null is one. */
export type Column = Float64Array | readonly (string | null)[];

/** Columns of one length by their names. */
export type Table = Readonly<Record<string, Column>>;

/** One row of what drift is looked for in: feature to value; null where there is none. */
export type DriftRow = Readonly<Record<string, number | string | null>>;

export type ColumnType = "numeric" | "categorical";

export const columnType = (column: Column): ColumnType =>
  column instanceof Float64Array ? "numeric" : "categorical";

/**
 * Rows as columns. A column is numeric where all of its values are numbers, and those that are absent are missing.
 * @throws {MonitoringError} `no_rows`; `mixed_types` with the row in which a column changes from numbers to texts
 */
export function tableOf(rows: readonly DriftRow[]): Table {
  if (rows.length === 0) throw new MonitoringError("no_rows", "there are no rows to make a table of");
  const names = new Set<string>();
  for (const row of rows) for (const name in row) names.add(name);
  return Object.fromEntries([...names].map((name) => [name, columnOf(rows, name)]));
}

function columnOf(rows: readonly DriftRow[], name: string): Column {
  const first = rows.find((row) => (row[name] ?? null) !== null)?.[name];
  const kind = typeof first;
  const numbers = kind === "number" ? new Float64Array(rows.length) : undefined;
  const texts: (string | null)[] = [];
  for (const [i, row] of rows.entries()) {
    const value = row[name] ?? null;
    if (value !== null && typeof value !== kind)
      throw new MonitoringError(
        "mixed_types",
        `column ${name} must hold numbers or texts, not both: row 1 has ${JSON.stringify(first)}, row ${i + 1} has ${JSON.stringify(value)}`,
        { column: name },
      );
    if (numbers) numbers[i] = typeof value === "number" ? value : Number.NaN;
    else texts.push(typeof value === "string" ? value : null);
  }
  return numbers ?? texts;
}
