/** Normalisations of each row or group by its own statistics. */
import { ShapeError } from "../errors.ts";
import { float32 } from "../ndarray.ts";
import { operator } from "../operator.ts";
import { product, type Shape, sameShape } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { add, div, maximum, mul, sub } from "./elementwise.ts";
import { mean, norm, sum } from "./reduce.ts";
import { reshape } from "./shape.ts";

interface NormalizationAttributes {
  readonly epsilon: number;
  /** The first of the axes that are normalised together. */
  readonly axis: number;
}

/** Shape of the statistics: 1 on every normalised axis. */
const rowShape = (x: Tensor, axis: number): Shape => x.shape.map((dim, i) => (i < axis ? dim : 1));

const axesFrom = (x: Tensor, axis: number): number[] => x.shape.flatMap((_, i) => (i < axis ? [] : [i]));
const axesBefore = (axis: number): number[] => Array.from({ length: axis }, (_, i) => i);

/** Its statistics are the mean and the reciprocal of the deviation of each row. */
const layerNormOperator = operator<3, NormalizationAttributes>("LayerNormalization", {
  shape: ([x, weight, bias], { axis }) => {
    if (axis < 0 || !sameShape(weight.shape, x.shape.slice(axis)) || !sameShape(bias.shape, weight.shape))
      throw new ShapeError(
        "layerNorm",
        [x.shape, weight.shape, bias.shape],
        "weight and bias must have the sizes of the last axes",
      );
    return x.shape;
  },
  statistics: ([x], { axis }) => [{ shape: rowShape(x, axis) }, { shape: rowShape(x, axis) }],
  onnx: ({ epsilon, axis }) => ({ axis, epsilon: { float: epsilon } }),
  // With n = (x - mean) / deviation and g = dy w: dx = (g - mean(g) - n mean(g n)) / deviation.
  gradient: ({ inputs: [x, weight], outputs: [, average, inverseDeviation], upstream, attributes }) => {
    const { axis } = attributes;
    const normalized = mul(sub(x, average!), inverseDeviation!);
    const scaled = mul(upstream, weight);
    const rows = { axes: axesFrom(x, axis), keepDims: true };
    const centered = sub(
      sub(scaled, mean(scaled, rows)),
      mul(normalized, mean(mul(scaled, normalized), rows)),
    );
    const leading = { axes: axesBefore(axis) };
    return [
      mul(centered, inverseDeviation!),
      sum(mul(upstream, normalized), leading),
      sum(upstream, leading),
    ];
  },
});

/**
 * Layer normalisation over the last axes, as many as weight and bias have (Ba et al. 2016).
 * @param x      [..., width]
 * @param weight [width]
 * @param bias   [width]
 */
export const layerNorm = (x: Tensor, weight: Tensor, bias: Tensor, { epsilon = 1e-5 } = {}): Tensor =>
  layerNormOperator(x, weight, bias, { epsilon, axis: x.rank - weight.rank });

/**
 * ONNX Runtime's operator, half of the time of the same written with `mean` and `rsqrt` (measured on 6 million). The
 * standard has it from opset 23 on, under another name and without the statistic, so that a file for others spells it
 * out; where weights are stored ONNX Runtime makes the one operator of it when it opens the file.
 */
const rmsNormOperator = operator<2, NormalizationAttributes>("SimplifiedLayerNormalization", {
  shape: ([x, weight]) => {
    if (weight.rank !== 1 || x.rank === 0 || weight.dim(0) !== x.dim(-1))
      throw new ShapeError("rmsNorm", [x.shape, weight.shape], "weight must have the last axis' size");
    return x.shape;
  },
  statistics: ([x], { axis }) => [{ shape: rowShape(x, axis) }],
  emit: (graph, [x, weight], { attributes }, outputs) => {
    const { epsilon } = attributes as NormalizationAttributes;
    if (!graph.portable)
      return graph.nodes("SimplifiedLayerNormalization", [x!, weight!], {
        outputs,
        attributes: { axis: -1, epsilon: { float: epsilon } },
      });
    const scalar = (value: number) => graph.constant(float32([], [value]));
    const squares = graph.node("ReduceMean", [graph.node("Pow", [x!, scalar(2)]), graph.integers([-1])]);
    const rms = graph.node("Sqrt", [graph.node("Add", [squares, scalar(epsilon)])]);
    const y = graph.node("Mul", [graph.node("Div", [x!, rms]), weight!]);
    return outputs === 1 ? y : [y, graph.node("Reciprocal", [rms])];
  },
  // With n = x / rms and g = dy w: dx = (g - n mean(g n)) / rms.
  gradient: ({ inputs: [x, weight], outputs: [, inverseRms], upstream, attributes: { axis } }) => {
    const normalized = mul(x, inverseRms!);
    const scaled = mul(upstream, weight);
    const projection = mean(mul(scaled, normalized), { axes: [axis], keepDims: true });
    return [
      mul(sub(scaled, mul(normalized, projection)), inverseRms!),
      sum(mul(upstream, normalized), { axes: axesBefore(axis) }),
    ];
  },
});

/**
 * Division by the root of the mean square over the last axis (Zhang & Sennrich 2019), T5's layer normalisation.
 * @param x      [..., width]
 * @param weight [width]
 */
export const rmsNorm = (x: Tensor, weight: Tensor, { epsilon = 1e-6 } = {}): Tensor =>
  rmsNormOperator(x, weight, { epsilon, axis: x.rank - 1 });

/**
 * Normalisation of groups of channels (Wu & He 2018).
 * @param x      [batch, channels, ...]
 * @param weight [channels]
 * @param bias   [channels]
 * @param groups divides the channels
 */
export function groupNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  groups: number,
  { epsilon = 1e-5 } = {},
): Tensor {
  const [batch, ...rest] = x.shape;
  const size = product(rest);
  if (typeof size === "string" || Number(rest[0]) % groups !== 0 || batch === undefined)
    throw new ShapeError("groupNorm", [x.shape], `numbered axes and channels that ${groups} divides`);
  const width = size / groups;
  const [ones, zeros] = [new Float32Array(width).fill(1), new Float32Array(width)].map((values) =>
    constant(float32([width], values)),
  );
  const rows = layerNorm(reshape(x, [batch, groups, width]), ones!, zeros!, { epsilon });
  return add(mul(reshape(rows, x.shape), perChannel(weight, x.rank)), perChannel(bias, x.rank));
}

/** [channels] -> [channels, 1, ...], which broadcasts against [batch, channels, ...]. */
export const perChannel = (values: Tensor, rank: number): Tensor =>
  reshape(values, [values.dim(0), ...new Array(rank - 2).fill(1)]);

interface NormalizeOptions {
  readonly axis?: number;
  /** Lower bound of the divisor. */
  readonly epsilon?: number;
}

/** Division by the L2 norm along an axis. */
export const normalizeL2 = (x: Tensor, { axis = -1, epsilon = 1e-12 }: NormalizeOptions = {}): Tensor =>
  div(x, maximum(norm(x, { axes: [axis], keepDims: true }), epsilon));

/** Cosine of the angle between vectors along an axis. */
export function cosineSimilarity(
  a: Tensor,
  b: Tensor,
  { axis = -1, epsilon = 1e-8 }: NormalizeOptions = {},
): Tensor {
  const length = (x: Tensor) => maximum(norm(x, { axes: [axis] }), epsilon);
  return div(sum(mul(a, b), { axes: [axis] }), mul(length(a), length(b)));
}
