/** An axis without its first element. */
import { ShapeError } from "../errors.ts";
import { type Operator, operator } from "../operator.ts";
import { normalizeAxis, termsOf, total } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { concat } from "./concat.ts";
import { zeros } from "./shape.ts";

const afterFirst: Operator<1, { axis: number }> = operator<1, { axis: number }>("Slice", {
  shape: ([x], { axis }) => {
    const size = x.shape[axis]!;
    const terms = typeof size === "number" ? [size] : termsOf(size).map((term) => Number(term) || term);
    const counted = terms.findIndex((term) => typeof term === "number" && term >= 1);
    if (counted < 0)
      throw new ShapeError("dropFirst", [x.shape], `axis ${axis} must be known to have an element`);
    return x.shape.with(axis, total("dropFirst", terms.with(counted, Number(terms[counted]) - 1)));
  },
  emit: (graph, [x], { attributes }) => {
    const { axis } = attributes as { axis: number };
    const ends = graph.integers([Number.MAX_SAFE_INTEGER]);
    return graph.node("Slice", [x!, graph.integers([1]), ends, graph.integers([axis])]);
  },
  gradient: ({ inputs: [x], upstream, attributes: { axis } }) => [
    concat([zeros(x.shape.with(axis, 1)), upstream], axis),
  ],
});

/**
 * An axis without its first element, also where its size is a name: "(1+past)" becomes "past".
 * @throws {ShapeError} when the axis may have no element
 */
export const dropFirst = (x: Tensor, axis: number): Tensor =>
  afterFirst(x, { axis: normalizeAxis("dropFirst", axis, x.shape) });
