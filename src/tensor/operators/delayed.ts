/** An order of computation that the values alone would not ask for. */
import { type Operator, operator } from "../operator.ts";
import type { Tensor } from "../tensor.ts";

const reshapedAfter: Operator<2, undefined> = operator<2>("Reshape", {
  shape: ([x]) => x.shape,
  emit: (graph, [x, until], { inputs }) => {
    const zero = graph.node("Mul", [graph.node("Size", [until!]), graph.integers([0])]);
    return graph.node("Reshape", [x!, graph.node("Expand", [zero, graph.integers([inputs[0]!.rank])])]);
  },
  gradient: ({ upstream }) => [upstream, undefined],
});

/**
 * x, not before `until` has been computed, though nothing of it is used. No element is copied: x is reshaped to its own
 * shape (0 keeps a dimension), and the zeros of that shape are made from the number of elements of `until`. ONNX Runtime
 * neither sees that they are always zeros, nor that what is computed from the result was computed from x before. A scalar stays as it is.
 */
export const delayed = (x: Tensor, until: Tensor): Tensor => (x.rank === 0 ? x : reshapedAfter(x, until));
