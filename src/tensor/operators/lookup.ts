/** Operators that look values up by index, and those that add values at indices. */
import { ShapeError } from "../errors.ts";
import type { GraphBuilder } from "../onnx/graph.ts";
import { type Operator, operator } from "../operator.ts";
import { normalizeAxis, product, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { equal, where } from "./condition.ts";
import { flattenRows, permute, reshape, zeros } from "./shape.ts";

interface EmbeddingOptions {
  /** A row that gets no gradient (PyTorch's padding_idx). */
  readonly paddingIndex?: number;
}

const gatherRows: Operator<2, EmbeddingOptions> = operator<2, EmbeddingOptions>("Gather", {
  shape: ([table, indices]) => [...indices.shape, ...table.shape.slice(1)],
  requires: ([table, indices]) => ({ indices, atMost: table.dim(0), what: "the rows of", table }),
  emit: (graph, [table, indices]) => {
    const take = (from: string) => graph.node("Gather", [from, indices!], { attributes: { axis: 0 } });
    const quantized = graph.quantized(table!, 0);
    if (!quantized) return take(table!);
    const rows = graph.node("Cast", [take(quantized.values)], { attributes: { to: 1 } });
    const scales = graph.node("Unsqueeze", [take(quantized.scales), graph.integers([-1])]);
    return graph.node("Mul", [rows, scales]);
  },
  gradient: ({ inputs: [table, indices], upstream, attributes: { paddingIndex } }) => {
    const rows = reshape(upstream, [product(indices.shape), ...table.shape.slice(1)]);
    const flat = reshape(indices, [product(indices.shape)]);
    return [
      scatterRows(flat, rows, {
        size: table.dim(0) as number,
        ...(paddingIndex !== undefined && { paddingIndex }),
      }),
      undefined,
    ];
  },
});

/**
 * Rows of a table.
 * @param table   [size, width]
 * @param indices int64 [...]
 * @returns       [..., width]
 */
export function embedding(table: Tensor, indices: Tensor, options: EmbeddingOptions = {}): Tensor {
  if (indices.dtype !== "int64" || table.rank !== 2)
    throw new ShapeError(
      "embedding",
      [table.shape, indices.shape],
      `a table and int64 indices were expected, the indices are ${indices.dtype}`,
    );
  return gatherRows(table, indices, options);
}

export interface ScatterRowsAttributes extends EmbeddingOptions {
  /** Rows of the result. */
  readonly size: number;
}

/**
 * Zeros with `rows` added at `indices`: the gradient of a lookup. Where it is the gradient of a parameter, the
 * training program hands indices and rows to the optimizer as they are, which adds them without this dense result.
 * @param indices int64 [n]
 * @param rows    [n, width]
 * @returns       [size, width]
 */
export const scatterRows = operator<2, ScatterRowsAttributes>("ScatterND", {
  shape: ([, rows], { size }) => [size, ...rows.shape.slice(1)],
  dtype: ([, rows]) => rows.dtype,
  emit: (graph, [indices, rows], { inputs: [, source], attributes }) => {
    const { size, paddingIndex } = attributes as ScatterRowsAttributes;
    const kept =
      paddingIndex === undefined
        ? rows!
        : graph.node("Mul", [rows!, isNot(graph, indices!, paddingIndex, source!.rank)]);
    const empty = graph.node("ConstantOfShape", [graph.shape([size, ...source!.shape.slice(1)])]);
    const column = graph.node("Unsqueeze", [indices!, graph.integers([1])]);
    return graph.node("ScatterND", [empty, column, kept], { attributes: { reduction: "add" } });
  },
  gradient: ({ inputs: [indices], upstream, attributes: { paddingIndex } }) => {
    const rows = gatherRows(upstream, indices, {});
    if (paddingIndex === undefined) return [undefined, rows];
    const dropped = reshape(equal(indices, paddingIndex), [
      indices.dim(0),
      ...rows.shape.slice(1).map(() => 1),
    ]);
    return [undefined, where(dropped, 0, rows)];
  },
});

/** 1 for rows whose index is not `value`, else 0, as float32 [n, 1, ...] of the given rank. */
function isNot(graph: GraphBuilder, indices: string, value: number, rank: number) {
  const same = graph.node("Equal", [indices, graph.integers([value])]);
  const kept = graph.node("Cast", [graph.node("Not", [same])], { attributes: { to: 1 } });
  const axes = Array.from({ length: rank - 1 }, (_, i) => i + 1);
  return graph.node("Unsqueeze", [kept, graph.integers(axes)]);
}

/**
 * Slices of an axis in the order of `indices`; a negative index counts from the end.
 * @param indices int64 [n]
 * @returns       the shape of x with n on the axis
 */
export function indexSelect(x: Tensor, indices: Tensor, axis: number): Tensor {
  const along = normalizeAxis("indexSelect", axis, x.shape);
  if (indices.rank !== 1)
    throw new ShapeError("indexSelect", [x.shape, indices.shape], "indices must have one axis");
  return gatherAlong(x, indices, { axis: along });
}

const gatherAlong = operator<2, { axis: number }>("Gather", {
  shape: ([x, indices], { axis }) => x.shape.with(axis, indices.dim(0)),
  onnx: ({ axis }) => ({ axis }),
  gradient: ({ inputs: [x, indices], upstream, attributes: { axis } }) => {
    // Adding by index works on the first axis, which is brought to the front and back.
    const order = [axis, ...x.shape.flatMap((_, i) => (i === axis ? [] : [i]))];
    const back = order.map((_, i) => order.indexOf(i));
    const rows = permute(upstream, order);
    return [permute(indexAdd(zeros(order.map((i) => x.shape[i]!)), indices, rows), back), undefined];
  },
});

/**
 * x with `rows` added at `indices`; an index that occurs twice adds twice.
 * @param x       [size, ...]
 * @param indices int64 [n]
 * @param rows    [n, ...]
 */
export const indexAdd: Operator<3, undefined> = operator<3>("ScatterND", {
  shape: ([x, indices, rows]) => {
    if (indices.rank !== 1 || !sameShape(rows.shape, [indices.dim(0), ...x.shape.slice(1)]))
      throw new ShapeError(
        "indexAdd",
        [x.shape, indices.shape, rows.shape],
        "a row for each index was expected",
      );
    return x.shape;
  },
  emit: (graph, [x, indices, rows]) => {
    const column = graph.node("Unsqueeze", [indices!, graph.integers([1])]);
    return graph.node("ScatterND", [x!, column, rows!], { attributes: { reduction: "add" } });
  },
  gradient: ({ inputs: [, indices], upstream }) => [
    upstream,
    undefined,
    gatherAlong(upstream, indices, { axis: 0 }),
  ],
});

/**
 * For each index the element of x that it names on the axis, and that stands at its own place on the others (ONNX
 * GatherElements).
 * @param indices int64, of the rank of x, no larger on the other axes
 * @returns       the shape of the indices
 */
export function gather(x: Tensor, indices: Tensor, axis: number): Tensor {
  if (indices.rank !== x.rank || indices.dtype !== "int64")
    throw new ShapeError(
      "gather",
      [x.shape, indices.shape],
      `int64 indices of the same rank were expected, they are ${indices.dtype}`,
    );
  return gatherElements(x, indices, { axis: normalizeAxis("gather", axis, x.shape) });
}

const gatherElements: Operator<2, { axis: number }> = operator<2, { axis: number }>("GatherElements", {
  shape: ([, indices]) => indices.shape,
  requires: ([x, indices], { axis }) => ({
    ...{ indices, atMost: x.shape[axis], what: `indices on axis ${axis} of`, table: x },
  }),
  onnx: ({ axis }) => ({ axis }),
  gradient: ({ inputs: [x, indices], upstream, attributes }) => [
    scatterElements(zeros(x.shape), indices, upstream, attributes),
    undefined,
  ],
});

/**
 * x with each value added to the element that its index names on the axis: the reverse of `gather`.
 * @param indices int64, of the rank of x
 * @param values  the shape of the indices
 */
export function scatterAdd(x: Tensor, indices: Tensor, values: Tensor, axis: number): Tensor {
  if (indices.rank !== x.rank || !sameShape(indices.shape, values.shape))
    throw new ShapeError(
      "scatterAdd",
      [x.shape, indices.shape, values.shape],
      "indices and values of one shape, and of the rank of the first input, were expected",
    );
  return scatterElements(x, indices, values, { axis: normalizeAxis("scatterAdd", axis, x.shape) });
}

const scatterElements = operator<3, { axis: number }>("ScatterElements", {
  shape: ([x]) => x.shape,
  onnx: ({ axis }) => ({ axis, reduction: "add" }),
  gradient: ({ inputs: [, indices], upstream, attributes }) => [
    upstream,
    undefined,
    gatherElements(upstream, indices, attributes),
  ],
});

/**
 * One element of the last axis for each row.
 * @param x       [..., classes]
 * @param indices int64 [...], each within 0 to classes - 1
 * @returns       [...]
 */
export function pick(x: Tensor, indices: Tensor): Tensor {
  const picked = gather(flattenRows(x), reshape(indices, [product(indices.shape), 1]), 1);
  return reshape(picked, indices.shape);
}

/** int64 [...] -> float32 [..., classes], 1 at the index of each row. */
export const oneHot = operator<1, { classes: number }>("OneHot", {
  shape: ([indices], { classes }) => [...indices.shape, classes],
  dtype: () => "float32",
  emit: (graph, [indices], { attributes }) => {
    const { classes } = attributes as { classes: number };
    const values = graph.constant({ dtype: "float32", shape: [2], data: Float32Array.of(0, 1) });
    return graph.node("OneHot", [indices!, graph.integers([classes]), values], { attributes: { axis: -1 } });
  },
  gradient: () => [undefined],
});
