/** Sequences moved along an axis. */
import { type Operator, operator } from "../operator.ts";
import { normalizeAxis } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

interface ShiftAttributes {
  readonly axis: number;
  readonly first: number;
}

/** A pad of one before and of minus one behind, which takes the last element off. */
const shiftAxis: Operator<1, ShiftAttributes> = operator<1, ShiftAttributes>("Pad", {
  shape: ([x]) => x.shape,
  emit: (graph, [x], { attributes }) => {
    const { axis, first } = attributes as ShiftAttributes;
    const filling = graph.constant({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(first)) });
    return graph.node("Pad", [x!, graph.integers([1, -1]), filling, graph.integers([axis])]);
  },
});

/**
 * Every element one place further along an axis: `first` comes in, the last one falls out. What a decoder reads to
 * predict x.
 * @param x int64
 */
export const shiftRight = (x: Tensor, { axis = -1, first = 0 } = {}): Tensor =>
  shiftAxis(x, { axis: normalizeAxis("shiftRight", axis, x.shape), first });
