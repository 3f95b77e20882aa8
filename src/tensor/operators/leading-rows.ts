/** The first rows of a table, as many as a dimension has when the program runs. */
import { ShapeError } from "../errors.ts";
import { type Operator, operator } from "../operator.ts";
import type { Dimension } from "../shape.ts";

/** Position embeddings [positions, width] -> [sequence, width]. A sequence must not be longer than the table. */
export const leadingRows: Operator<1, { count: Dimension }> = operator<1, { count: Dimension }>("Slice", {
  shape: ([table], { count }) => {
    if (typeof count === "number" && typeof table.dim(0) === "number" && count > Number(table.dim(0)))
      throw new ShapeError("leadingRows", [table.shape], `at least ${count} rows`);
    return [count, ...table.shape.slice(1)];
  },
  requires: ([table], { count }) => ({
    ...{ dimension: count, atMost: table.dim(0), what: "the rows of", table },
  }),
  emit: (graph, [table], { attributes }) => {
    const { count } = attributes as { count: Dimension };
    return graph.node("Slice", [table!, graph.integers([0]), graph.dimension(count), graph.integers([0])]);
  },
  gradient: ({ inputs: [table], upstream }) => [followedByZeros(upstream, { count: table.dim(0) })],
});

/** Rows of zeros below, until there are `count`. */
const followedByZeros: Operator<1, { count: Dimension }> = operator<1, { count: Dimension }>("Pad", {
  shape: ([rows], { count }) => [count, ...rows.shape.slice(1)],
  emit: (graph, [rows], { inputs, attributes }) => {
    const { count } = attributes as { count: Dimension };
    const missing = graph.node("Sub", [graph.dimension(count), graph.dimension(inputs[0]!.dim(0))]);
    const pads = graph.node("Concat", [graph.integers([0]), missing], { attributes: { axis: 0 } });
    return graph.node("Pad", [rows!, pads, "", graph.integers([0])]);
  },
  gradient: ({ inputs: [rows], upstream }) => [leadingRows(upstream, { count: rows.dim(0) })],
});
