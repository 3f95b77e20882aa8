/** T5's relative positions: how far a key stands from a query, in buckets that widen with the distance. */
import {
  add,
  arange,
  constant,
  type Dimension,
  embedding,
  int64,
  maximum,
  minimum,
  permute,
  reshape,
  sub,
  type Tensor,
  unsqueeze,
} from "../../tensor/index.ts";

export interface RelativeBuckets {
  /** Whether keys after the query have buckets of their own: half of them. */
  readonly bidirectional: boolean;
  readonly count: number;
  /** From this distance on all keys share the last bucket. */
  readonly maxDistance: number;
}

/**
 * The bucket of a relative position (Raffel et al. 2020, section 2.1; `_relative_position_bucket` of Hugging Face):
 * half of the buckets hold one distance each, the others logarithmically growing ranges.
 * @param position position of the key minus that of the query
 */
export function relativeBucket(
  position: number,
  { bidirectional, count, maxDistance }: RelativeBuckets,
): number {
  const buckets = bidirectional ? count / 2 : count;
  const first = bidirectional && position > 0 ? buckets : 0;
  const distance = bidirectional ? Math.abs(position) : Math.max(0, -position);
  const exact = buckets / 2;
  if (distance < exact) return first + distance;
  const growth = Math.log(distance / exact) / Math.log(maxDistance / exact);
  return first + Math.min(buckets - 1, exact + Math.trunc(growth * (buckets - exact)));
}

/**
 * What is added to the scores of attention for each pair of positions. The buckets are a table of constants that is
 * looked up, so that no logarithm is rounded differently in the graph.
 * @param weight    [buckets, heads]
 * @param positions int64 [batch, target, source]: position of the key minus that of the query
 * @returns         [batch, heads, target, source]
 */
export function relativePositionBias(weight: Tensor, positions: Tensor, buckets: RelativeBuckets): Tensor {
  const { maxDistance } = buckets;
  const size = 2 * maxDistance + 1;
  const table = int64(
    [size, 1],
    Array.from({ length: size }, (_, i) => relativeBucket(i - maxDistance, buckets)),
  );
  const within = minimum(maximum(positions, -maxDistance), maxDistance);
  const bucket = reshape(embedding(constant(table), add(within, maxDistance)), positions.shape);
  return permute(embedding(weight, bucket), [0, 3, 1, 2]);
}

/** int64 [1, target, source]: position of the key minus that of the query, both counted from 0. */
export const relativePositions = (target: Dimension, source: Dimension): Tensor =>
  unsqueeze(sub(unsqueeze(arange(source), 0), unsqueeze(arange(target), 1)), 0);
