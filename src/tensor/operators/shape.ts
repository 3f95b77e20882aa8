/** Operators that give the same elements another shape or order, and the numbers that shapes are made of. */
import { ShapeError } from "../errors.ts";
import { operator, variadicOperator } from "../operator.ts";
import { broadcast, type Dimension, normalizeAxis, product, type Shape, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { cast } from "./condition.ts";
import { sum, sumTo } from "./reduce.ts";

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

/** A new axis of size 1 at `axis` of the result. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis("unsqueeze", axis, [...x.shape, 1]);
  return reshape(x, x.shape.toSpliced(at, 0, 1));
}

/** Drops an axis of size 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis("squeeze", axis, x.shape);
  if (x.shape[at] !== 1) throw new ShapeError("squeeze", [x.shape], `axis ${axis} must have size 1`);
  return reshape(x, x.shape.toSpliced(at, 1));
}

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
  if (order.length !== x.rank || x.shape.some((_, axis) => !order.includes(axis)))
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
  shape: ([x], { shape }) => {
    if (!sameShape(broadcast("expand", x.shape, shape), shape))
      throw new ShapeError("expand", [x.shape, shape], "only axes of size 1 can be repeated");
    return shape;
  },
  emit: (graph, [x], { attributes }) =>
    graph.node("Expand", [x!, graph.shape((attributes as { shape: Shape }).shape)]),
  gradient: ({ inputs: [x], upstream }) => [sumTo(upstream, x.shape)],
});

/** Repeats dimensions of size 1 until x has the given shape. */
export const expand = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : expandTo(x, { shape });

const tileBy = operator<1, { repeats: readonly number[] }>("Tile", {
  shape: ([x], { repeats }) => x.shape.map((dim, axis) => product([repeats[axis]!, dim])),
  emit: (graph, [x], { attributes }) =>
    graph.node("Tile", [x!, graph.integers((attributes as { repeats: readonly number[] }).repeats)]),
  // The repetitions become axes of their own, which are summed.
  gradient: ({ inputs: [x], upstream, attributes: { repeats } }) => [
    sum(
      reshape(
        upstream,
        x.shape.flatMap((dim, axis) => [repeats[axis]!, dim]),
      ),
      { axes: x.shape.map((_, axis) => 2 * axis) },
    ),
  ],
});

/** The whole tensor again and again: `repeats` says how often along each axis. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.length !== x.rank || repeats.some((times) => !Number.isInteger(times) || times < 1))
    throw new ShapeError(
      "tile",
      [x.shape],
      `[${repeats.join(", ")}] must give a positive number for each axis`,
    );
  return tileBy(x, { repeats });
}

const sizes = operator<1, { axes: readonly number[] }>("Shape", {
  shape: () => [],
  dtype: () => "int64",
  emit: (graph, _inputs, { inputs: [x], attributes }) => {
    const { axes } = attributes as { axes: readonly number[] };
    const size = graph.dimension(product(axes.map((axis) => x!.shape[axis]!)));
    return graph.node("Squeeze", [size]);
  },
  gradient: () => [undefined],
});

/** Number of elements along axes as a float32 scalar, known when the program runs. */
export const sizeOfShape = (x: Tensor, axes: readonly number[]): Tensor =>
  cast(sizes(x, { axes }), { to: "float32" });

const range = variadicOperator<{ size: Dimension }>("Range", {
  shape: (_inputs, { size }) => [size],
  dtype: () => "int64",
  emit: (graph, _inputs, { attributes }) => {
    const scalar = (value: number) =>
      graph.constant({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) });
    const limit = graph.node("Squeeze", [graph.dimension((attributes as { size: Dimension }).size)]);
    return graph.node("Range", [scalar(0), limit, scalar(1)]);
  },
});

/** int64 0, 1, ... up to the size of a dimension, known when the program runs: positions. */
export const arange = (size: Dimension): Tensor => range([], { size });

const filled = variadicOperator<{ shape: Shape }>("ConstantOfShape", {
  shape: (_inputs, { shape }) => shape,
  dtype: () => "float32",
  emit: (graph, _inputs, { attributes }) =>
    graph.node("ConstantOfShape", [graph.shape((attributes as { shape: Shape }).shape)]),
});

/** float32 zeros of a shape, made when the program runs. */
export const zeros = (shape: Shape): Tensor => filled([], { shape });
