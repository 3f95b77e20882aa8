/** Softmax and its logarithm. */
import { type Operator, operator } from "../operator.ts";
import { normalizeAxis } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { exp, mul, sub } from "./elementwise.ts";
import { sum } from "./reduce.ts";

const softmaxAlong: Operator<1, { axis: number }> = operator<1, { axis: number }>("Softmax", {
  shape: ([x]) => x.shape,
  onnx: ({ axis }) => ({ axis }),
  // dx = y (dy - sum(dy y))
  gradient: ({ output, upstream, attributes: { axis } }) => {
    const weighted = mul(upstream, output);
    return [sub(weighted, mul(output, sum(weighted, { axes: [axis], keepDims: true })))];
  },
});

/** Softmax over an axis, the last unless said otherwise. */
export const softmax = (x: Tensor, axis = -1): Tensor =>
  softmaxAlong(x, { axis: normalizeAxis("softmax", axis, x.shape) });

const logSoftmaxAlong: Operator<1, { axis: number }> = operator<1, { axis: number }>("LogSoftmax", {
  shape: ([x]) => x.shape,
  onnx: ({ axis }) => ({ axis }),
  // dx = dy - softmax(x) sum(dy)
  gradient: ({ output, upstream, attributes: { axis } }) => [
    sub(upstream, mul(exp(output), sum(upstream, { axes: [axis], keepDims: true }))),
  ],
});

/** Logarithm of the softmax over an axis, the last unless said otherwise. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor =>
  logSoftmaxAlong(x, { axis: normalizeAxis("logSoftmax", axis, x.shape) });
