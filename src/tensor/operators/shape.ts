/** Operators that move elements without changing them. */
import { ShapeError } from "../errors.ts";
import { operator, variadicOperator } from "../operator.ts";
import { broadcast, type Dimension, normalizeAxis, product, type Shape, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { cast } from "./elementwise.ts";
import { sumTo } from "./reduce.ts";

const reshapeTo = operator<1, { shape: Shape }>("Reshape", {
  shape: ([x], { shape }) => {
    if (product(x.shape) !== product(shape))
      throw new ShapeError("reshape", [x.shape, shape], "both shapes must have the same number of elements");
    return shape;
  },
  emit: (graph, [x], { inputs, attributes }) =>
    graph.node("Reshape", [x!, graph.shape((attributes as { shape: Shape }).shape, inputs[0]!.shape)]),
  gradient: ({ inputs: [x], upstream }) => [reshape(upstream, x.shape)],
});

/** The same elements in another shape; dimensions may be joined into products and taken apart again. */
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : reshapeTo(x, { shape });

/** All dimensions but the last joined: [batch, sequence, hidden] -> [batch*sequence, hidden]. */
export const flattenRows = (x: Tensor): Tensor => reshape(x, [product(x.shape.slice(0, -1)), x.dim(-1)]);

const transposeBy = operator<1, { order: readonly number[] }>("Transpose", {
  shape: ([x], { order }) => order.map((axis) => x.shape[axis]!),
  onnx: ({ order }) => ({ perm: order }),
  gradient: ({ upstream, attributes: { order } }) => [
    permute(
      upstream,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
});

/** Axes in another order; axis i of the result is axis `order[i]` of x. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  if (order.length !== x.rank || order.some((_, axis) => !order.includes(axis)))
    throw new ShapeError("permute", [x.shape], `[${order.join(", ")}] must name each axis once`);
  return order.every((axis, i) => axis === i) ? x : transposeBy(x, { order });
}

/** Swaps two axes, the last two unless said otherwise. */
export function transpose(x: Tensor, first = -2, second = -1): Tensor {
  const order = x.shape.map((_, axis) => axis);
  const a = normalizeAxis("transpose", first, x.shape);
  const b = normalizeAxis("transpose", second, x.shape);
  order[a] = b;
  order[b] = a;
  return permute(x, order);
}

const expandTo = operator<1, { shape: Shape }>("Expand", {
  shape: ([x], { shape }) => broadcast("expand", x.shape, shape),
  emit: (graph, [x], { attributes }) =>
    graph.node("Expand", [x!, graph.shape((attributes as { shape: Shape }).shape)]),
  gradient: ({ inputs: [x], upstream }) => [sumTo(upstream, x.shape)],
});

/** Repeats dimensions of size 1 until x has the given shape. */
export const expand = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : expandTo(x, { shape });

interface SliceAttributes {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

const sliceAxis = operator<1, SliceAttributes>("Slice", {
  shape: ([x], { axis, start, end }) => x.shape.map((dim, i) => (i === axis ? end - start : dim)),
  emit: (graph, [x], { attributes }) => {
    const { axis, start, end } = attributes as SliceAttributes;
    return graph.node("Slice", [x!, graph.integers([start]), graph.integers([end]), graph.integers([axis])]);
  },
  gradient: ({ inputs: [x], upstream, attributes: { axis, start, end } }) => [
    padAxis(upstream, { axis, before: start, size: x.shape[axis]!, taken: end - start }),
  ],
});

/** Elements `start` up to `end` of an axis. */
export function slice(x: Tensor, { axis, start, end }: SliceAttributes): Tensor {
  const along = normalizeAxis("slice", axis, x.shape);
  const size = x.shape[along]!;
  if (!(start >= 0 && end > start && (typeof size === "string" || end <= size)))
    throw new ShapeError("slice", [x.shape], `${start} to ${end} must lie within axis ${axis}`);
  return sliceAxis(x, { axis: along, start, end });
}

interface PadAttributes {
  readonly axis: number;
  readonly before: number;
  /** Size of the axis in the result. */
  readonly size: Dimension;
  /** Size of the axis in the input. */
  readonly taken: number;
}

/** Zeros before and after along one axis: what a slice left out. */
const padAxis = operator<1, PadAttributes>("Pad", {
  shape: ([x], { axis, size }) => x.shape.map((dim, i) => (i === axis ? size : dim)),
  emit: (graph, [x], { attributes }) => {
    const { axis, before, size, taken } = attributes as PadAttributes;
    const after =
      typeof size === "number"
        ? graph.integers([size - before - taken])
        : graph.node("Sub", [graph.dimension(size), graph.integers([before + taken])]);
    const pads = graph.node("Concat", [graph.integers([before]), after], { attributes: { axis: 0 } });
    return graph.node("Pad", [x!, pads, "", graph.integers([axis])]);
  },
  gradient: ({ upstream, attributes: { axis, before, taken } }) => [
    slice(upstream, { axis, start: before, end: before + taken }),
  ],
});

/** One index of an axis, which disappears: the first token of [batch, sequence, hidden] -> [batch, hidden]. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const along = normalizeAxis("select", axis, x.shape);
  const taken = slice(x, { axis: along, start: index, end: index + 1 });
  return reshape(taken, [...x.shape.slice(0, along), ...x.shape.slice(along + 1)]);
}

/** Joins tensors along an axis of numbered dimensions. */
const concatAxis = variadicOperator<{ axis: number }>("Concat", {
  shape: (inputs, { axis }) =>
    inputs[0]!.shape.map((dim, i) =>
      i === axis ? inputs.reduce((size, { shape }) => size + (shape[axis] as number), 0) : dim,
    ),
  onnx: ({ axis }) => ({ axis }),
  gradient: ({ inputs, upstream, attributes: { axis } }) => {
    let start = 0;
    return inputs.map(({ shape }) => {
      const end = start + (shape[axis] as number);
      const part = slice(upstream, { axis, start, end });
      start = end;
      return part;
    });
  },
});

/** Joins tensors along an axis; all other dimensions must be equal. */
export function concat(inputs: readonly Tensor[], axis: number): Tensor {
  const along = normalizeAxis("concat", axis, inputs[0]!.shape);
  const others = ({ shape }: Tensor) => shape.filter((_, i) => i !== along);
  if (inputs.some((x) => !sameShape(others(x), others(inputs[0]!)) || typeof x.shape[along] !== "number"))
    throw new ShapeError(
      "concat",
      inputs.map(({ shape }) => shape),
      `all but axis ${axis} must be equal`,
    );
  return inputs.length === 1 ? inputs[0]! : concatAxis(inputs, { axis: along });
}

const sizes = operator<1, { axes: readonly number[] }>("Shape", {
  shape: () => [],
  dtype: () => "int64",
  emit: (graph, _inputs, { inputs: [x], attributes }) => {
    const { axes } = attributes as { axes: readonly number[] };
    const size = graph.dimension(product(axes.map((axis) => x!.shape[axis]!)));
    return graph.node("Squeeze", [size]);
  },
});

/** Number of elements along axes as a float32 scalar, known when the program runs. */
export const sizeOfShape = (x: Tensor, axes: readonly number[]): Tensor =>
  cast(sizes(x, { axes }), { to: "float32" });
