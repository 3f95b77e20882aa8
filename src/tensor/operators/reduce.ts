/** Operators that fold axes away: sums, means, extremes, norms; and running sums. */
import { type Operand, type Operator, type OperatorDefinition, operator } from "../operator.ts";
import { broadcastAxes, normalizeAxis, product, type Shape, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { cast, equal } from "./condition.ts";
import { div, exp, maximum, mul, sqrt, sub } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { expand, reshape, sizeOfShape, squeeze, unsqueeze } from "./shape.ts";

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

const reduction = (name: string, x: Tensor, { axes, keepDims = false }: ReduceOptions): Reduction => ({
  axes: axes?.map((axis) => normalizeAxis(name, axis, x.shape)) ?? x.shape.map((_, axis) => axis),
  keepDims,
});

interface FoldContext {
  readonly x: Tensor;
  /** The result and its derivative with the folded axes kept, so that they broadcast against x. */
  readonly output: Tensor;
  readonly upstream: Tensor;
  readonly axes: readonly number[];
}

/** A function that folds axes with ONNX's operator of that type. */
function fold(name: string, type: string, gradient: (context: FoldContext) => Tensor) {
  const definition: OperatorDefinition<1, Reduction> = {
    shape: ([x], reduction) => reducedShape(x.shape, reduction),
    emit: (graph, [x], { attributes }) => {
      const { axes, keepDims } = attributes as Reduction;
      return graph.node(type, [x!, graph.integers(axes)], { attributes: { keepdims: Number(keepDims) } });
    },
    gradient: ({ inputs: [x], output, upstream, attributes: { axes } }) => {
      const kept = (tensor: Tensor) => reshape(tensor, reducedShape(x.shape, { axes, keepDims: true }));
      return [gradient({ x, output: kept(output), upstream: kept(upstream), axes })];
    },
  };
  const folded: Operator<1, Reduction> = operator<1, Reduction>(type, definition);
  return (x: Tensor, options: ReduceOptions = {}): Tensor => {
    const chosen = reduction(name, x, options);
    // ONNX reads an empty list of axes as all of them; an axis of size 1 folds nothing.
    return chosen.axes.length > 0
      ? folded(x, chosen)
      : folded(unsqueeze(x, 0), { axes: [0], keepDims: false });
  };
}

const foldSum = fold("sum", "ReduceSum", ({ x, upstream }) => expand(upstream, x.shape));

/** Sum over axes. */
export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  (options.axes ?? x.shape).length === 0 ? x : foldSum(x, options);

/** How many elements are folded into one: a number, or a float32 scalar over named dimensions. */
function foldedSize(name: string, x: Tensor, options: ReduceOptions): Operand {
  const { axes } = reduction(name, x, options);
  const size = product(axes.map((axis) => x.shape[axis]!));
  return typeof size === "number" ? size : sizeOfShape(x, axes);
}

/** Mean over axes; over named dimensions their run-time size divides. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const size = foldedSize("mean", x, options);
  if (size === 1) return sum(x, options);
  return typeof size === "number" ? mul(sum(x, options), 1 / size) : div(sum(x, options), size);
}

/** The extremes share the derivative equally, as PyTorch's amax and amin do. */
const toExtremes = ({ x, output, upstream, axes }: FoldContext): Tensor => {
  const reached = cast(equal(x, output), { to: "float32" });
  return mul(reached, div(upstream, sum(reached, { axes, keepDims: true })));
};

/** Largest value over axes. */
export const max = fold("max", "ReduceMax", toExtremes);
/** Smallest value over axes. */
export const min = fold("min", "ReduceMin", toExtremes);

/** log(sum(exp(x))) over axes without overflow. Its slope is the softmax. */
export const logSumExp = fold("logSumExp", "ReduceLogSumExp", ({ x, output, upstream }) =>
  mul(exp(sub(x, output)), upstream),
);

/** Square root of the sum of squares over axes (L2 norm); the slope at 0 is 0, as in PyTorch. */
export const norm = fold("norm", "ReduceL2", ({ x, output, upstream }) =>
  // A norm of 0 means that x is 0 as well; the bound, the smallest normal float32, only keeps 0/0 away.
  mul(x, div(upstream, maximum(output, 2 ** -126))),
);

/** Sum of squares over axes in one pass. */
export const sumOfSquares = fold("sumOfSquares", "ReduceSumSquare", ({ x, upstream }) =>
  mul(x, mul(upstream, 2)),
);

interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of elements that divides: 1 for the unbiased estimate, 0 for the plain mean. */
  correction?: number;
}

/** Variance over axes, from the squares of what is left after the mean is taken off. */
export function variance(x: Tensor, { correction = 1, ...options }: VarianceOptions = {}): Tensor {
  const centered = sub(x, mean(x, { ...options, keepDims: true }));
  const size = foldedSize("variance", x, options);
  const squares = sumOfSquares(centered, options);
  return typeof size === "number"
    ? mul(squares, 1 / (size - correction))
    : div(squares, correction === 0 ? size : sub(size, correction));
}

/** Standard deviation over axes. */
export const std = (x: Tensor, options: VarianceOptions = {}): Tensor => sqrt(variance(x, options));

/**
 * Mean of the tokens that count.
 * @param x    [batch, sequence, width]
 * @param mask float32 [batch, sequence]: 1 for a token that counts, 0 for padding
 * @returns    [batch, width]
 */
export function maskedMean(x: Tensor, mask: Tensor): Tensor {
  const total = squeeze(matmul(unsqueeze(mask, 1), x), 1);
  return div(total, sum(mask, { axes: [-1], keepDims: true }));
}

/** Undoes broadcasting: sums over the axes along which `shape` was repeated to become the shape of x. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return reshape(sum(x, { axes: broadcastAxes(shape, x.shape) }), shape);
}

interface CumulativeAttributes {
  readonly axis: number;
  /** Sums from the end. */
  readonly reverse?: boolean;
}

const cumulativeSum: Operator<1, CumulativeAttributes> = operator<1, CumulativeAttributes>("CumSum", {
  shape: ([x]) => x.shape,
  emit: (graph, [x], { attributes }) => {
    const { axis, reverse = false } = attributes as CumulativeAttributes;
    const scalar = graph.constant({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(axis)) });
    return graph.node("CumSum", [x!, scalar], { attributes: { reverse: Number(reverse) } });
  },
  gradient: ({ upstream, attributes: { axis, reverse = false } }) => [
    cumulativeSum(upstream, { axis, reverse: !reverse }),
  ],
});

/** Running sum along an axis. */
export const cumsum = (x: Tensor, axis = -1): Tensor =>
  cumulativeSum(x, { axis: normalizeAxis("cumsum", axis, x.shape) });
