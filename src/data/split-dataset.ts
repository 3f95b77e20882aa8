export interface SplitShares {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}
export interface Split<Row> {
  readonly train: Row[];
  readonly validation: Row[];
  readonly test: Row[];
}
/** Divides rows into three parts by shares, in a seeded order; with `stratifyBy` each part keeps the proportions of its values. */
export function splitDataset<Row>(
  rows: readonly Row[],
  shares: SplitShares,
  { seed, stratifyBy }: { seed: number; stratifyBy?: (row: Row) => unknown },
): Split<Row> {
  throw new Error(`not written yet: ${rows.length} ${shares.train} ${seed} ${stratifyBy}`);
}
