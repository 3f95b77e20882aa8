/** Rows of keys and values as a record. `fromEntries` defines, it does not assign: `__proto__` is a key like others. */
export const recordOf = (rows: readonly { key: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(rows.map(({ key, value }) => [key, value]));

/** Long lists go in parts, since engines limit the values of one statement (SQLite 32,766; Postgres 65,535). */
export function* inParts<Item>(items: readonly Item[], size = 1000): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
