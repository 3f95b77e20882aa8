/** Operators that take a part of an axis, and those that put something around it. */
import { ShapeError } from "../errors.ts";
import { int64 } from "../ndarray.ts";
import { type Operator, operator } from "../operator.ts";
import { type Dimension, normalizeAxis, type Shape } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { indexSelect } from "./lookup.ts";
import { reshape } from "./shape.ts";

interface SliceAttributes {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

const sliceAxis: Operator<1, SliceAttributes> = operator<1, SliceAttributes>("Slice", {
  shape: ([x], { axis, start, end }) => x.shape.with(axis, end - start),
  emit: (graph, [x], { attributes }) => {
    const { axis, start, end } = attributes as SliceAttributes;
    return graph.node("Slice", [x!, graph.integers([start]), graph.integers([end]), graph.integers([axis])]);
  },
  gradient: ({ inputs: [x], upstream, attributes: { axis, start, end } }) => [
    padAxis(upstream, { axis, before: start, size: x.shape[axis]!, taken: end - start }),
  ],
});

export interface SliceOptions {
  readonly axis: number;
  /** First index, 0 unless given; negative ones count from the end. */
  readonly start?: number;
  /** Index after the last, the end of the axis unless given. */
  readonly end?: number;
  /** Every how many elements, 1 unless given. */
  readonly step?: number;
}

/**
 * Elements `start` up to `end` of an axis.
 * @throws {ShapeError} when they do not lie within the axis, or count from the end of a named dimension
 */
export function slice(x: Tensor, { axis, start = 0, end, step = 1 }: SliceOptions): Tensor {
  const along = normalizeAxis("slice", axis, x.shape);
  const size = x.shape[along]!;
  const fromStart = (index: number) => (index < 0 && typeof size === "number" ? index + size : index);
  const last = fromStart(end ?? Number(size));
  const first = fromStart(start);
  if (!(first >= 0 && last > first && (typeof size === "string" || last <= size) && step >= 1))
    throw new ShapeError("slice", [x.shape], `${start} to ${end ?? "the end"} must lie within axis ${axis}`);
  if (step === 1)
    return first === 0 && last === size ? x : sliceAxis(x, { axis: along, start: first, end: last });
  const count = Math.ceil((last - first) / step);
  return indexSelect(
    x,
    indices(count, (i) => first + i * step),
    along,
  );
}

/** The elements of an axis from the last to the first. */
export function flip(x: Tensor, axis: number): Tensor {
  const along = normalizeAxis("flip", axis, x.shape);
  const size = x.shape[along]!;
  if (typeof size === "string") throw new ShapeError("flip", [x.shape], `axis ${axis} must be a number`);
  return size === 1
    ? x
    : indexSelect(
        x,
        indices(size, (i) => size - 1 - i),
        along,
      );
}

const indices = (count: number, index: (i: number) => number): Tensor =>
  constant(
    int64(
      [count],
      Array.from({ length: count }, (_, i) => index(i)),
    ),
  );

interface PadAxisAttributes {
  readonly axis: number;
  readonly before: number;
  /** Size of the axis in the result. */
  readonly size: Dimension;
  /** Size of the axis in the input. */
  readonly taken: number;
}

/** Zeros before and after along one axis, which may have a name: what a slice left out. */
const padAxis: Operator<1, PadAxisAttributes> = operator<1, PadAxisAttributes>("Pad", {
  shape: ([x], { axis, size }) => x.shape.with(axis, size),
  emit: (graph, [x], { attributes }) => {
    const { axis, before, size, taken } = attributes as PadAxisAttributes;
    if (typeof size === "number")
      return graph.node("Pad", [
        x!,
        graph.integers([before, size - before - taken]),
        "",
        graph.integers([axis]),
      ]);
    const after = graph.node("Sub", [graph.dimension(size), graph.integers([before + taken])]);
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
  const size = x.shape[along]!;
  const start = index < 0 && typeof size === "number" ? index + size : index;
  const taken = slice(x, { axis: along, start, end: start + 1 });
  return reshape(taken, x.shape.toSpliced(along, 1));
}

/** Parts of the given sizes along an axis; together they must be the whole axis. */
export function split(x: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  const along = normalizeAxis("split", axis, x.shape);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== x.shape[along])
    throw new ShapeError("split", [x.shape], `[${sizes.join(", ")}] must add up to axis ${axis}`);
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return slice(x, { axis: along, start: end - size, end });
  });
}

/** How much to put before and after each axis. */
export type Padding = readonly (readonly [before: number, after: number])[];

const padAll: Operator<1, { padding: Padding; value: number }> = operator<
  1,
  { padding: Padding; value: number }
>("Pad", {
  shape: ([x], { padding }) => padded("pad", x.shape, padding),
  emit: (graph, [x], { attributes }) => {
    const { padding, value } = attributes as { padding: Padding; value: number };
    const pads = graph.integers([...padding.map(([before]) => before), ...padding.map(([, after]) => after)]);
    const filling = graph.constant({ dtype: "float32", shape: [], data: Float32Array.of(value) });
    return graph.node("Pad", value === 0 ? [x!, pads] : [x!, pads, filling]);
  },
  gradient: ({ inputs: [x], upstream, attributes: { padding } }) => [
    padding.reduce(
      (inner, [before], axis) =>
        typeof x.shape[axis] === "number"
          ? slice(inner, { axis, start: before, end: before + x.shape[axis] })
          : inner,
      upstream,
    ),
  ],
});

function padded(name: string, shape: Shape, padding: Padding): Shape {
  const valid = padding.every(([before, after], axis) => {
    const fixed = typeof shape[axis] === "number";
    return before >= 0 && after >= 0 && (fixed || before + after === 0);
  });
  if (padding.length !== shape.length || !valid)
    throw new ShapeError(
      name,
      [shape],
      "padding must be [before, after] for each axis, none below 0, and [0, 0] for named dimensions",
    );
  return shape.map((dim, axis) =>
    typeof dim === "number" ? dim + padding[axis]![0] + padding[axis]![1] : dim,
  );
}

/** A border of `value` around the tensor. */
export const pad = (x: Tensor, padding: Padding, { value = 0 } = {}): Tensor => padAll(x, { padding, value });

/** A border that mirrors the tensor without repeating its edge: a b c -> c b a b c. */
export function reflectPad(x: Tensor, padding: Padding): Tensor {
  const shape = padded("reflectPad", x.shape, padding);
  return padding.reduce((inner, [before, after], axis) => {
    const size = Number(x.shape[axis]);
    if (before + after === 0) return inner;
    if (Math.max(before, after) >= size)
      throw new ShapeError("reflectPad", [x.shape], `padding of axis ${axis} must be smaller than the axis`);
    const mirrored = (i: number) => size - 1 - Math.abs(size - 1 - Math.abs(i - before));
    return indexSelect(inner, indices(Number(shape[axis]), mirrored), axis);
  }, x);
}
