/**
 * Picks which of the waiting requests run together: the one that waited longest, so that nobody starves, and
 * those nearest to it in length, so that little is spent on padding.
 *
 * @param lengths of the waiting examples, in order of arrival
 * @returns       at most `size` indexes into `lengths`, in order of arrival
 */
export function chooseBatch(lengths: readonly number[], size: number): number[] {
  const indexes = [...lengths.keys()];
  if (indexes.length <= size) return indexes;
  const distance = (index: number) => Math.abs(lengths[index]! - lengths[0]!);
  return indexes
    .sort((a, b) => distance(a) - distance(b) || a - b)
    .slice(0, size)
    .sort((a, b) => a - b);
}
