/** Magnitude pruning (Han et al. 2015): the smallest weights become zero. */
import type { NdArray } from "../tensor/index.ts";

type Weights = ReadonlyMap<string, NdArray<"float32">>;

/** How many elements of one tensor are zero. */
export interface TensorSparsity {
  readonly name: string;
  readonly shape: readonly number[];
  readonly zeros: number;
  readonly elements: number;
}

export interface PrunedWeights {
  readonly weights: Map<string, NdArray<"float32">>;
  /** One for each tensor that was pruned, in the order of the weights. */
  readonly report: readonly TensorSparsity[];
}

export interface PruningOptions {
  /** `tensor` prunes each by the same share; `global` compares the elements of all, so that some lose more. */
  readonly scope?: "tensor" | "global";
}

/**
 * Sets the elements of smallest magnitude to zero. Only matrices and filters are pruned: biases and norms are few, and
 * each matters.
 * @param sparsity share of the elements that are zero afterwards, at least
 * @returns new arrays where something changed; the given weights stay as they are
 * @throws {RangeError} when the sparsity is not from 0 to below 1
 */
export function pruneByMagnitude(
  weights: Weights,
  sparsity: number,
  { scope = "tensor" }: PruningOptions = {},
): PrunedWeights {
  if (!(sparsity >= 0 && sparsity < 1))
    throw new RangeError(`sparsity must be from 0 to below 1, got ${sparsity}`);
  const tensors = [...weights].filter(([, { shape }]) => shape.length >= 2);
  const groups = scope === "global" ? [tensors] : tensors.map((tensor) => [tensor]);
  const pruned = new Map(weights);
  for (const group of groups) {
    const values = group.map(([, { data }]) => data);
    const count = Math.round(sparsity * values.reduce((sum, { length }) => sum + length, 0));
    const kept = withoutSmallest(values, count);
    group.forEach(([name, array], i) => {
      pruned.set(name, { ...array, data: kept[i]! });
    });
  }
  const report = tensors.map(([name, { shape, data }]) => ({
    ...{ name, shape, elements: data.length },
    zeros: pruned.get(name)!.data.reduce((zeros, value) => zeros + Number(value === 0), 0),
  }));
  return { weights: pruned, report };
}

/** Copies in which the `count` elements of smallest magnitude are zero; of equal ones the first. */
function withoutSmallest(arrays: readonly Float32Array[], count: number): Float32Array<ArrayBuffer>[] {
  const { bits, before } = magnitudeAt(arrays, count);
  let equalOnes = count - before;
  return arrays.map((array) => {
    const kept = Float32Array.from(array);
    magnitudeBits(array).forEach((magnitude, i) => {
      if (magnitude < bits || (magnitude === bits && equalOnes-- > 0)) kept[i] = 0;
    });
    return kept;
  });
}

/** The bits of a float without its sign are ordered as its magnitude is. */
const magnitudeBits = (array: Float32Array): Uint32Array =>
  new Uint32Array(array.slice().buffer).map((bits) => bits & 0x7fffffff);

/**
 * The magnitude (as bits) of which `count` elements are smaller or equal, and how many are smaller. Counting the upper
 * and then the lower half of the bits takes two passes; sorting the weights of a large model takes many seconds.
 */
function magnitudeAt(arrays: readonly Float32Array[], count: number): { bits: number; before: number } {
  const upper = new Uint32Array(1 << 15);
  for (const array of arrays) for (const bits of magnitudeBits(array)) upper[bits >>> 16]!++;
  const high = bucketOf(upper, count);
  const lower = new Uint32Array(1 << 16);
  for (const array of arrays)
    for (const bits of magnitudeBits(array)) if (bits >>> 16 === high.bucket) lower[bits & 0xffff]!++;
  const low = bucketOf(lower, count - high.before);
  return { bits: high.bucket * 0x10000 + low.bucket, before: high.before + low.before };
}

/** The bucket in which the element number `count` lies, and how many lie before it. */
function bucketOf(counts: Uint32Array, count: number): { bucket: number; before: number } {
  let before = 0;
  let bucket = 0;
  while (before + counts[bucket]! < count) before += counts[bucket++]!;
  return { bucket, before };
}
