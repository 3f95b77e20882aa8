/** Reverse-mode automatic differentiation: the graph of the derivatives from the graph of a value. */
import { TensorError } from "./errors.ts";
import type { Operation } from "./operator.ts";
import { add } from "./operators/elementwise.ts";
import { Recomputation } from "./recomputation.ts";
import { sameShape } from "./shape.ts";
import { constant, type Tensor } from "./tensor.ts";

export interface GradientOptions {
  /** Values that are kept for the derivatives; what lies between them is computed again. All are kept unless given. */
  readonly recompute?: ReadonlySet<Tensor> | undefined;
}

/**
 * Derivatives of a scalar by each of `variables`, as tensors of their shapes; undefined where it does not depend on
 * one. Only the operations between the variables and the scalar are differentiated.
 * @throws {TensorError} when `scalar` is not one, or an operator on the way has no gradient
 */
export function gradients(
  scalar: Tensor,
  variables: readonly Tensor[],
  { recompute = new Set() }: GradientOptions = {},
): (Tensor | undefined)[] {
  if (scalar.rank !== 0)
    throw new TensorError(`only a scalar has a gradient, got [${scalar.shape.join(", ")}]`);
  const operations = operationsBetween(scalar, new Set(variables));
  const recomputation = new Recomputation(scalar, recompute);
  const upstreams = new Map<Tensor, Tensor>([[scalar, constant(1)]]);
  for (const operation of operations.reverse()) {
    const upstream = upstreams.get(operation.outputs[0]!);
    if (!upstream) continue;
    inputGradients(recomputation.again(operation, upstream), upstream).forEach((gradient, i) => {
      const variable = operation.inputs[i]!;
      if (!gradient) return;
      const known = upstreams.get(variable);
      upstreams.set(variable, known ? add(known, gradient) : gradient);
    });
  }
  return variables.map((variable) => upstreams.get(variable));
}

function inputGradients(operation: Operation, upstream: Tensor): readonly (Tensor | undefined)[] {
  const { type, definition, inputs, outputs, attributes } = operation;
  if (!definition.gradient) throw new TensorError(`operator ${type} has no gradient`);
  const results = definition.gradient({ inputs, outputs, output: outputs[0]!, upstream, attributes });
  results.forEach((gradient, i) => {
    if (gradient && !sameShape(gradient.shape, inputs[i]!.shape))
      throw new TensorError(
        `gradient of ${type} by input ${i} has shape [${gradient.shape}], the input [${inputs[i]!.shape}]`,
      );
  });
  return results;
}

/** Operations on the paths from the variables to the value, each after those it uses. */
function operationsBetween(value: Tensor, variables: ReadonlySet<Tensor>): Operation[] {
  const leadsToVariable = new Map<Tensor, boolean>();
  const ordered = new Set<Operation>();
  const visit = (tensor: Tensor): boolean => {
    const known = leadsToVariable.get(tensor);
    if (known !== undefined) return known;
    let leads = variables.has(tensor);
    leadsToVariable.set(tensor, leads);
    if (tensor.source.kind === "operation") {
      const { operation } = tensor.source;
      // `map` rather than `some`: every input is to be visited.
      if (operation.inputs.map(visit).includes(true)) {
        leads = true;
        ordered.add(operation);
      }
    }
    leadsToVariable.set(tensor, leads);
    return leads;
  };
  visit(value);
  return [...ordered];
}
