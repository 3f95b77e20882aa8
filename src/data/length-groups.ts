import { seededRandom } from "./random.ts";

/** Batches' worth of rows that are sorted together: enough for close lengths, few enough for new neighbours. */
const POOL_BATCHES = 50;

/**
 * Batches of row indexes for one epoch of training, each of rows of similar length, every row once. Rows are
 * shuffled, sorted by length inside pools of 50 batches, cut into batches, and the batches are shuffled.
 *
 * Padding costs as much time as text. Of the movie reviews (8,530 sentences of 27 tokens on average, batch 64), random
 * batches are 51 % padding and these 3 %.
 *
 * @param lengths length of each row, such as its number of tokens
 * @returns the same batches for the same seed and epoch; one of them may be smaller than `batchSize`
 */
export function lengthGroups(
  lengths: readonly number[],
  batchSize: number,
  { seed, epoch }: { seed: number; epoch: number },
): number[][] {
  const random = seededRandom(seed, "length-groups", epoch);
  const pools = chunks(random.shuffle(lengths.keys()), batchSize * POOL_BATCHES);
  const batches = pools.flatMap((pool) => longestFirstOf(pool, lengths, batchSize));
  return random.shuffle(batches);
}

/** Batches of row indexes for evaluation: all rows, longest first, so that padding is least and memory peaks at once. */
export const longestFirst = (lengths: readonly number[], batchSize: number): number[][] =>
  longestFirstOf([...lengths.keys()], lengths, batchSize);

const longestFirstOf = (rows: readonly number[], lengths: readonly number[], batchSize: number): number[][] =>
  chunks(
    rows.toSorted((a, b) => lengths[b]! - lengths[a]!),
    batchSize,
  );

function chunks<Value>(values: readonly Value[], size: number): Value[][] {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`batchSize must be a whole number from 1, got ${size}`);
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    values.slice(i * size, (i + 1) * size),
  );
}
