/**
 * At most so many of the rows, in their order. They are spread evenly over the values of `by` (the label, say), since
 * files are often sorted by it: the beginning of one would know a single label.
 *
 * @param limit null takes all
 */
export function spreadRows<Row>(
  rows: readonly Row[],
  limit: number | null,
  by: (row: Row) => unknown,
): readonly Row[] {
  if (limit === null || rows.length <= limit) return rows;
  const ordered = [...Map.groupBy(rows.keys(), (index) => by(rows[index]!)).values()].flat();
  const chosen = new Set(
    Array.from({ length: limit }, (_, i) => ordered[Math.floor((i * rows.length) / limit)]),
  );
  return rows.filter((_, index) => chosen.has(index));
}
