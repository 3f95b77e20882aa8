/** How several processes divide a batch among themselves. */

/** Rows of a batch, in order of their length, dealt out like cards: every process gets long and short ones. */
export const shareOf = (
  rows: readonly number[],
  { rank, size }: { readonly rank: number; readonly size: number },
): number[] => rows.filter((_, i) => i % size === rank);

/**
 * The factors with which one process's means over its shares enter the averages over all processes, so that these are
 * the means over whole batches.
 *
 * @param weights of each process, what each of its shares is a mean over, such as its number of rows; 0 for no rows
 * @returns one factor for each share: 1 where the shares of a batch are even, and 0 for one that has no weight
 */
export const shareFactors = (weights: readonly (readonly number[])[], rank: number): number[] =>
  weights[rank]!.map((weight, i) => {
    const total = weights.reduce((sum, ofProcess) => sum + ofProcess[i]!, 0);
    return weight === 0 ? 0 : (weight * weights.length) / total;
  });
