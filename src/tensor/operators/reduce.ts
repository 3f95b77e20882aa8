/** Operators that fold axes away: sums, means, maxima. */
import { type Operand, operator } from "../operator.ts";
import { broadcastAxes, normalizeAxis, product, type Shape, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { div, mul } from "./elementwise.ts";
import { expand, reshape, sizeOfShape } from "./shape.ts";

interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export interface ReduceOptions {
  /** Axes to fold, all unless given; negative ones count from the end. */
  axes?: readonly number[];
  /** Keeps the folded axes with size 1. */
  keepDims?: boolean;
}

const reducedShape = (shape: Shape, { axes, keepDims }: Reduction): Shape =>
  shape.flatMap((dim, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [dim]));

const reduceSum = operator<1, Reduction>("ReduceSum", {
  shape: ([x], reduction) => reducedShape(x.shape, reduction),
  emit: (graph, [x], { attributes }) => {
    const { axes, keepDims } = attributes as Reduction;
    return graph.node("ReduceSum", [x!, graph.integers(axes)], {
      attributes: { keepdims: Number(keepDims) },
    });
  },
  gradient: ({ inputs: [x], upstream, attributes: { axes } }) => [
    expand(reshape(upstream, reducedShape(x.shape, { axes, keepDims: true })), x.shape),
  ],
});

const reduction = (x: Tensor, { axes, keepDims = false }: ReduceOptions): Reduction => ({
  axes: axes?.map((axis) => normalizeAxis("sum", axis, x.shape)) ?? x.shape.map((_, axis) => axis),
  keepDims,
});

/** Sum over axes. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const chosen = reduction(x, options);
  return chosen.axes.length === 0 ? x : reduceSum(x, chosen);
}

/** Mean over axes; over named dimensions their run-time size divides. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const chosen = reduction(x, options);
  const folded = product(chosen.axes.map((axis) => x.shape[axis]!));
  const size: Operand = typeof folded === "number" ? folded : sizeOfShape(x, chosen.axes);
  return typeof size === "number" ? mul(sum(x, options), 1 / size) : div(sum(x, options), size);
}

/** Undoes broadcasting: sums over the axes along which `shape` was repeated to become the shape of x. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return reshape(sum(x, { axes: broadcastAxes(shape, x.shape) }), shape);
}
