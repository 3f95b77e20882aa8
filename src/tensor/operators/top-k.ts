/** The largest values of each row, and where they stand. */
import { ShapeError } from "../errors.ts";
import { type Operator, operator } from "../operator.ts";
import type { Tensor } from "../tensor.ts";
import { gather } from "./lookup.ts";

const largest: Operator<2, undefined> = operator<2>("TopK", {
  shape: ([x, count]) => {
    if (x.rank === 0 || count.rank !== 1 || count.dtype !== "int64")
      throw new ShapeError("topK", [x.shape, count.shape], "rows, and an int64 count of shape [1]");
    return x.shape.with(-1, "count");
  },
  dtype: () => "int64",
  emit: (graph, inputs) => graph.nodes("TopK", inputs, { outputs: 2, attributes: { axis: -1 } })[1]!,
  gradient: () => [undefined, undefined],
});

/**
 * The largest values of each row in falling order; of equal ones the first comes first.
 * @param x     [..., size]
 * @param count int64 [1]: how many, at most `size`
 * @returns     both [..., count], the indices int64
 */
export function topK(x: Tensor, count: Tensor): { readonly values: Tensor; readonly indices: Tensor } {
  const indices = largest(x, count);
  return { values: gather(x, indices, -1), indices };
}
