/** Lower triangles of matrices. */
import { ShapeError } from "../errors.ts";
import { type Operator, operator } from "../operator.ts";
import type { Tensor } from "../tensor.ts";

const lowerTriangle: Operator<1, { diagonal: number }> = operator<1, { diagonal: number }>("Trilu", {
  shape: ([x]) => {
    if (x.rank < 2) throw new ShapeError("tril", [x.shape], "matrices were expected");
    return x.shape;
  },
  emit: (graph, [x], { attributes }) => {
    const { diagonal } = attributes as { diagonal: number };
    const scalar = graph.constant({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(diagonal)) });
    return graph.node("Trilu", [x!, scalar], { attributes: { upper: 0 } });
  },
  gradient: ({ upstream, attributes }) => [lowerTriangle(upstream, attributes)],
});

/**
 * Zeros above a diagonal.
 * @param x [..., rows, columns]
 * @param diagonal the last one that is kept: 0 the main diagonal, positive ones above it
 */
export const tril = (x: Tensor, { diagonal = 0 } = {}): Tensor => lowerTriangle(x, { diagonal });
