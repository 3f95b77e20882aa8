/** Batch normalisation: by the statistics of the batch while training, by kept ones afterwards. */
import { ShapeError } from "../errors.ts";
import { float32 } from "../ndarray.ts";
import { type Operand, operator } from "../operator.ts";
import { product } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { add, div, mul, neg, rsqrt, sub } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { perChannel } from "./normalize.ts";
import { sum } from "./reduce.ts";
import { expand, reshape, sizeOfShape } from "./shape.ts";

/** Every axis but that of the channels. */
const axesOf = (x: Tensor): number[] => x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));

/** Number of values that are folded into one statistic. */
function countOf(x: Tensor): Operand {
  const size = product(axesOf(x).map((axis) => x.shape[axis]!));
  return typeof size === "number" ? size : sizeOfShape(x, axesOf(x));
}

/** Sums of each channel: [batch, channels, ...] -> [channels]. In two stages it takes half of the time of one. */
const channelSums = (x: Tensor): Tensor =>
  sum(x.rank > 2 ? sum(x, { axes: axesOf(x).slice(1) }) : x, { axes: [0] });

/** From this many elements of an image and channel on, a product reads both and writes nothing in less time. */
const manyElements = 512;

/** Sums of products of each channel: two of [batch, channels, ...] -> [channels]. */
function channelDots(x: Tensor, y: Tensor): Tensor {
  const size = product(x.shape.slice(2));
  if (typeof size !== "number" || size < manyElements) return channelSums(mul(x, y));
  const rows = (z: Tensor) => reshape(z, [...z.shape.slice(0, 2), 1, size]);
  return sum(matmul(rows(x), rows(y), { transB: true }), { axes: [0, 2, 3] });
}

/** slope x + shift, with one number of each for a channel, in one pass over x. */
function affine(x: Tensor, slope: Tensor, shift: Tensor): Tensor {
  const [zeros, ones] = [constant(0), constant(1)].map((value) => expand(value, slope.shape));
  return byKeptStatistics(x, slope, shift, zeros!, ones!, { epsilon: 0 });
}

function checkShapes(x: Tensor, vectors: readonly Tensor[]): void {
  if (x.rank < 2 || vectors.some(({ rank, shape }) => rank !== 1 || shape[0] !== x.shape[1]))
    throw new ShapeError(
      "batchNorm",
      [x, ...vectors].map(({ shape }) => shape),
      "[batch, channels, ...] and vectors of the channels were expected",
    );
}

const onnxEpsilon = ({ epsilon }: { epsilon: number }) => ({ epsilon: { float: epsilon } });

/** y = (x - mean) r w + b with r = 1 / sqrt(variance + epsilon); the inputs are x, w, b, mean and variance. */
const byKeptStatistics = operator<number, { epsilon: number }>("BatchNormalization", {
  shape: ([x, ...vectors]) => {
    checkShapes(x!, vectors);
    return x!.shape;
  },
  onnx: onnxEpsilon,
  // dx = w r dy; kept statistics do not depend on x.
  gradient: ({ inputs, upstream, attributes: { epsilon } }) => {
    const [x, weight, , average, variance] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const inverseDeviation = rsqrt(add(variance, epsilon));
    const dWeight = mul(channelDots(upstream, sub(x, perChannel(average, x.rank))), inverseDeviation);
    const dx = mul(upstream, perChannel(mul(weight, inverseDeviation), x.rank));
    return [dx, dWeight, channelSums(upstream), undefined, undefined];
  },
});

/**
 * The same by the statistics of x itself. The inputs are x, w, b, x - mean, and variance: what is computed from the
 * difference keeps digits that x r w + (b - mean r w) loses, and the derivative by it is part of that by x.
 */
const byBatchStatistics = operator<number, { epsilon: number }>("BatchNormalization", {
  shape: ([x, weight, bias, , variance]) => {
    checkShapes(x!, [weight!, bias!, variance!]);
    return x!.shape;
  },
  emit: (graph, [, weight, bias, centered, variance], { inputs, attributes }) => {
    const shape = inputs[1]!.shape as readonly number[];
    const mean = graph.constant(float32(shape));
    return graph.node("BatchNormalization", [centered!, weight!, bias!, mean, variance!], {
      attributes: onnxEpsilon(attributes as { epsilon: number }),
    });
  },
  // dx takes off the mean of dy and its projection on x: dx = w r (dy - dBias/n - (x - mean) r dWeight/n).
  gradient: ({ inputs, upstream, attributes: { epsilon } }) => {
    const [x, weight, , centered, variance] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const inverseDeviation = rsqrt(add(variance, epsilon));
    const dWeight = mul(channelDots(upstream, centered), inverseDeviation);
    const dBias = channelSums(upstream);
    // What belongs to a channel is computed on channels, so that three passes over the batch remain.
    const slope = mul(weight, inverseDeviation);
    const pull = div(mul(mul(slope, inverseDeviation), dWeight), countOf(x));
    const shift = div(mul(slope, dBias), countOf(x));
    const dx = sub(affine(upstream, slope, neg(shift)), mul(centered, perChannel(pull, x.rank)));
    return [dx, dWeight, dBias, undefined, undefined];
  },
});

/** What is kept of the batches that were seen. */
export interface RunningStatistics {
  /** [channels] */
  readonly mean: Tensor;
  /** [channels] */
  readonly variance: Tensor;
}

/**
 * Batch normalisation by kept statistics (Ioffe & Szegedy 2015, algorithm 2), as in evaluation.
 * @param x      [batch, channels, ...]
 * @param weight [channels]
 * @param bias   [channels]
 */
export const batchNorm = (
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  running: RunningStatistics,
  { epsilon = 1e-5 } = {},
): Tensor => byKeptStatistics(x, weight, bias, running.mean, running.variance, { epsilon });

interface TrainingOptions {
  readonly epsilon?: number;
  /** Share of the new batch in the running statistics. */
  readonly momentum?: number;
}

/**
 * Batch normalisation by the statistics of the batch (Ioffe & Szegedy 2015, algorithm 1), as in training. The running
 * variance follows the unbiased variance, as in PyTorch.
 * @param x      [batch, channels, ...]
 * @param weight [channels]
 * @param bias   [channels]
 * @returns the normalised x, and the running statistics after this batch
 */
export function batchNormTraining(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  running: RunningStatistics,
  { epsilon = 1e-5, momentum = 0.1 }: TrainingOptions = {},
): { readonly output: Tensor; readonly running: RunningStatistics } {
  const count = countOf(x);
  const average = div(channelSums(x), count);
  const centered = sub(x, perChannel(average, x.rank));
  const squares = channelDots(centered, centered);
  const follow = (kept: Tensor, seen: Tensor) => add(mul(kept, 1 - momentum), mul(seen, momentum));
  return {
    output: byBatchStatistics(x, weight, bias, centered, div(squares, count), { epsilon }),
    running: {
      mean: follow(running.mean, average),
      variance: follow(running.variance, div(squares, typeof count === "number" ? count - 1 : sub(count, 1))),
    },
  };
}
