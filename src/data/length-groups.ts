/** Batches of row indexes for one epoch of training. */
export function lengthGroups(
  lengths: readonly number[],
  batchSize: number,
  { seed, epoch }: { seed: number; epoch: number },
): number[][] {
  throw new Error(`not written yet: ${lengths} ${batchSize} ${seed} ${epoch}`);
}
/** Batches of row indexes for evaluation: longest first, no randomness. */
export function longestFirst(lengths: readonly number[], batchSize: number): number[][] {
  throw new Error(`not written yet: ${lengths} ${batchSize}`);
}
