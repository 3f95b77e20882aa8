/** Rows of keys and values as a record. `fromEntries` defines, it does not assign: `__proto__` is a key like others. */
export const recordOf = (rows: readonly { key: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(rows.map(({ key, value }) => [key, value]));

/** Sets a key whatever it is called: assigning to `__proto__` would set no key. */
export function setOwn<Value>(record: Record<string, Value>, key: string, value: Value): void {
  if (key !== "__proto__") record[key] = value;
  else Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Long lists go in parts, since engines limit the values of one statement (SQLite 32,766; Postgres 65,535). */
export function* inParts<Item>(items: readonly Item[], size = 1000): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
