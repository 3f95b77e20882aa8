/** Softmax and layer normalisation. */
import { ShapeError } from "../errors.ts";
import { operator } from "../operator.ts";
import { sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { exp, mul, sub } from "./elementwise.ts";
import { mean, sum } from "./reduce.ts";

/** Softmax over the last axis. dx = y (dy - sum(dy y)) */
export const softmax = operator<1>("Softmax", {
  shape: ([x]) => x.shape,
  onnx: () => ({ axis: -1 }),
  gradient: ({ output, upstream }) => {
    const weighted = mul(upstream, output);
    return [sub(weighted, mul(output, sum(weighted, { axes: [-1], keepDims: true })))];
  },
});

/** Logarithm of the softmax over the last axis. dx = dy - softmax(x) sum(dy) */
export const logSoftmax = operator<1>("LogSoftmax", {
  shape: ([x]) => x.shape,
  onnx: () => ({ axis: -1 }),
  gradient: ({ output, upstream }) => [
    sub(upstream, mul(exp(output), sum(upstream, { axes: [-1], keepDims: true }))),
  ],
});

/** Its statistics are the mean and the reciprocal of the deviation of each row. */
const layerNormOperator = operator<3, { epsilon: number }>("LayerNormalization", {
  shape: ([x, weight, bias]) => {
    if (!sameShape(weight.shape, [x.dim(-1)]) || !sameShape(bias.shape, [x.dim(-1)]))
      throw new ShapeError(
        "layerNorm",
        [x.shape, weight.shape, bias.shape],
        "weight and bias must have the last axis' size",
      );
    return x.shape;
  },
  statistics: ([x]) => [
    [...x.shape.slice(0, -1), 1],
    [...x.shape.slice(0, -1), 1],
  ],
  onnx: ({ epsilon }) => ({ axis: -1, epsilon: { float: epsilon } }),
  // With n = (x - mean) / deviation and g = dy w: dx = (g - mean(g) - n mean(g n)) / deviation.
  gradient: ({ inputs: [x, weight], outputs: [, average, inverseDeviation], upstream }) => {
    const normalized = mul(sub(x, average!), inverseDeviation!);
    const scaled = mul(upstream, weight);
    const rows = { axes: [-1], keepDims: true };
    const centered = sub(
      sub(scaled, mean(scaled, rows)),
      mul(normalized, mean(mul(scaled, normalized), rows)),
    );
    const leading = { axes: x.shape.slice(0, -1).map((_, axis) => axis) };
    return [
      mul(centered, inverseDeviation!),
      sum(mul(upstream, normalized), leading),
      sum(upstream, leading),
    ];
  },
});

/**
 * Layer normalisation over the last axis (Ba et al. 2016).
 * @param x      [..., width]
 * @param weight [width]
 * @param bias   [width]
 */
export const layerNorm = (x: Tensor, weight: Tensor, bias: Tensor, { epsilon = 1e-5 } = {}): Tensor =>
  layerNormOperator(x, weight, bias, { epsilon });
