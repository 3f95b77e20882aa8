/** How many operations the matrix products of a graph take: the part of a step that no implementation can avoid. */
import { gradients, type Parameter, type Shape, type Tensor } from "../src/tensor/index.ts";

/** Two for each multiplication with its addition, over forward and backward of a loss. */
export function productOperations(
  loss: Tensor,
  parameters: ReadonlyMap<string, Parameter>,
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
  for (const tensor of [loss, ...gradients(loss, [...parameters.values()])]) visit(tensor);
  return operations;
}
