/** How many operations the matrix products of a graph take: the part of a step that no implementation can avoid. */
import type { Shape, Tensor } from "../src/tensor/index.ts";

/** Two for each multiplication with its addition, over all that these outputs are computed from. */
export function productOperations(
  outputs: Iterable<Tensor | undefined>,
  dimensions: Readonly<Record<string, number>>,
): number {
  const sizeOf = (shape: Shape) =>
    shape
      .flatMap((dim) =>
        typeof dim === "number" ? [dim] : dim.split("*").map((part) => dimensions[part] ?? Number(part)),
      )
      .reduce((product, dim) => product * dim, 1);
  const seen = new Set<Tensor>();
  let operations = 0;
  const visit = (tensor: Tensor | undefined) => {
    if (!tensor || seen.has(tensor)) return;
    seen.add(tensor);
    if (tensor.source.kind !== "operation") return;
    const { type, inputs, attributes } = tensor.source.operation;
    if (type === "Gemm" || type === "FusedMatMul") {
      const { transA = false } = (attributes ?? {}) as { transA?: boolean };
      operations += 2 * sizeOf(tensor.shape) * sizeOf([inputs[0]!.dim(transA ? -2 : -1)]);
    }
    inputs.forEach(visit);
  };
  for (const output of outputs) visit(output);
  return operations;
}
