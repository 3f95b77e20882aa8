/** Operators that look values up by index. */
import { ShapeError } from "../errors.ts";
import type { GraphBuilder } from "../onnx/graph.ts";
import { operator } from "../operator.ts";
import { product } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { mul } from "./elementwise.ts";
import { flattenRows, reshape } from "./shape.ts";

interface EmbeddingOptions {
  /** A row that gets no gradient (PyTorch's padding_idx). */
  readonly paddingIndex?: number;
}

const gatherRows = operator<2, EmbeddingOptions>("Gather", {
  shape: ([table, indices]) => [...indices.shape, ...table.shape.slice(1)],
  onnx: () => ({ axis: 0 }),
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
      `a table and int64 indices, got ${indices.dtype}`,
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
      paddingIndex === undefined ? rows! : graph.node("Mul", [rows!, isNot(graph, indices!, paddingIndex)]);
    const zeros = graph.node("ConstantOfShape", [graph.shape([size, ...source!.shape.slice(1)])]);
    const column = graph.node("Unsqueeze", [indices!, graph.integers([1])]);
    return graph.node("ScatterND", [zeros, column, kept], { attributes: { reduction: "add" } });
  },
  gradient: ({ inputs: [indices], upstream, attributes }) => [
    undefined,
    embedding(
      upstream,
      indices,
      attributes.paddingIndex === undefined ? {} : { paddingIndex: attributes.paddingIndex },
    ),
  ],
});

/** 1 for rows whose index is not `value`, else 0, as a float32 column. */
function isNot(graph: GraphBuilder, indices: string, value: number) {
  const same = graph.node("Equal", [indices, graph.integers([value])]);
  const kept = graph.node("Cast", [graph.node("Not", [same])], { attributes: { to: 1 } });
  return graph.node("Unsqueeze", [kept, graph.integers([1])]);
}

/**
 * One element of the last axis for each row.
 * @param x       [..., classes]
 * @param indices int64 [...], each within 0 to classes - 1
 * @returns       [...]
 */
export function pick(x: Tensor, indices: Tensor): Tensor {
  const picked = gatherElements(flattenRows(x), reshape(indices, [product(indices.shape), 1]));
  return reshape(picked, indices.shape);
}

const gatherElements = operator<2>("GatherElements", {
  shape: ([, indices]) => indices.shape,
  onnx: () => ({ axis: 1 }),
  gradient: ({ inputs: [x, indices], upstream }) => [
    mul(oneHot(reshape(indices, [indices.dim(0)]), { classes: x.dim(-1) as number }), upstream),
    undefined,
  ],
});

/** int64 [n] -> float32 [n, classes], 1 at the index of each row. */
export const oneHot = operator<1, { classes: number }>("OneHot", {
  shape: ([indices], { classes }) => [...indices.shape, classes],
  dtype: () => "float32",
  emit: (graph, [indices], { attributes }) => {
    const { classes } = attributes as { classes: number };
    const values = graph.constant({ dtype: "float32", shape: [2], data: Float32Array.of(0, 1) });
    return graph.node("OneHot", [indices!, graph.integers([classes]), values], { attributes: { axis: -1 } });
  },
});
