/** How operators are defined: shape rule, ONNX emission and gradient of one operator stand together. */
import type { DType } from "./ndarray.ts";
import type { GraphBuilder } from "./onnx/graph.ts";
import type { Dimension, Shape } from "./shape.ts";
import { constant, Tensor } from "./tensor.ts";

/** A tuple of N tensors, so that definitions can take their inputs apart by name. */
type Tuple<N extends number, T> = N extends 1
  ? readonly [T]
  : N extends 2
    ? readonly [T, T]
    : N extends 3
      ? readonly [T, T, T]
      : readonly T[];

/** Attributes of a node as ONNX writes them; a plain number is an integer. */
export type OnnxAttribute = number | { readonly float: number } | string | readonly number[];

export interface GradientContext<N extends number, A> {
  readonly inputs: Tuple<N, Tensor>;
  /** All outputs; the first is the one that `upstream` belongs to. */
  readonly outputs: readonly Tensor[];
  readonly output: Tensor;
  /** Derivative of the loss by the first output, of the same shape. */
  readonly upstream: Tensor;
  readonly attributes: A;
}

/** float32 unless said otherwise. */
export interface Statistic {
  readonly shape: Shape;
  readonly dtype?: DType;
}

/** What an operator asks of the numbers that it gets: indices below a size, or a dimension of at most that size. */
export type Requirement = {
  readonly atMost: Dimension | undefined;
  /** What has that size: "the rows of" a table. */
  readonly what: string;
  readonly table: Tensor;
} & ({ readonly indices: Tensor } | { readonly dimension: Dimension });

export interface OperatorDefinition<N extends number, A> {
  /** Shape of the first output; checks that the inputs fit. */
  shape(inputs: Tuple<N, Tensor>, attributes: A): Shape;
  /** Type of the first output; that of the first input unless said otherwise. */
  dtype?(inputs: Tuple<N, Tensor>, attributes: A): DType;
  /** Further outputs: statistics that the gradient uses, not differentiable themselves. */
  statistics?(inputs: Tuple<N, Tensor>, attributes: A): readonly Statistic[];
  /** Derivative of the loss by each input; undefined where an input has none (indices). */
  gradient?(context: GradientContext<N, A>): readonly (Tensor | undefined)[];
  /** Asked of the program's inputs before it runs. */
  requires?(inputs: Tuple<N, Tensor>, attributes: A): Requirement;
  /** "com.microsoft" for ONNX Runtime's own operators. */
  domain?: string;
  /** ONNX attributes of the node; none unless said otherwise. */
  onnx?(attributes: A, inputs: Tuple<N, Tensor>): Readonly<Record<string, OnnxAttribute>>;
  /**
   * Full control where one node with `onnx` attributes does not do: returns the names of the outputs, of which the
   * first `outputs` are asked for.
   */
  emit?(
    graph: GraphBuilder,
    inputs: readonly string[],
    operation: Operation,
    outputs: number,
  ): string | readonly string[];
}

/** One use of an operator in a graph. */
export interface Operation {
  readonly type: string;
  // An operation no longer knows which operator made it; the operator's own callbacks do.
  readonly definition: OperatorDefinition<number, unknown>;
  readonly inputs: readonly Tensor[];
  readonly attributes: unknown;
  readonly outputs: readonly Tensor[];
}

/** A tensor, or a number that stands for a scalar of the other operands' type. */
export type Operand = Tensor | number;

/** An operator as callers see it: the inputs, then its attributes where it has any. */
export type Operator<N extends number, A> = (
  ...operands: [A] extends [undefined] ? [...Tuple<N, Operand>] : [...Tuple<N, Operand>, attributes: A]
) => Tensor;

/**
 * Defines an operator of `N` inputs and attributes `A` under its ONNX name.
 *
 * @example
 * export const relu = operator<1>("Relu", {
 *   shape: ([x]) => x.shape,
 *   gradient: ({ inputs: [x], upstream }) => [where(greater(x, 0), upstream, 0)],
 * });
 */
export function operator<N extends number, A = undefined>(
  type: string,
  definition: OperatorDefinition<N, A>,
): Operator<N, A> & { readonly type: string; readonly definition: OperatorDefinition<N, A> } {
  const apply = (...operands: readonly unknown[]): Tensor => {
    const last = operands.at(-1);
    const hasAttributes = !(last instanceof Tensor) && typeof last !== "number";
    const attributes = (hasAttributes ? last : undefined) as A;
    const inputs = tensors((hasAttributes ? operands.slice(0, -1) : operands) as readonly Operand[]);
    return operate(type, definition, inputs as readonly Tensor[] as Tuple<N, Tensor>, attributes);
  };
  return Object.assign(apply as Operator<N, A>, { type, definition });
}

/** An operator of any number of inputs, given as a list. */
export function variadicOperator<A>(type: string, definition: OperatorDefinition<number, A>) {
  const apply = (inputs: readonly Tensor[], attributes: A): Tensor =>
    operate(type, definition, inputs, attributes);
  return Object.assign(apply, { type, definition });
}

function operate<N extends number, A>(
  type: string,
  definition: OperatorDefinition<N, A>,
  inputs: Tuple<N, Tensor>,
  attributes: A,
): Tensor {
  const outputs: Tensor[] = [];
  const operation: Operation = {
    type,
    definition: definition as unknown as OperatorDefinition<number, unknown>,
    inputs: inputs as readonly Tensor[],
    attributes,
    outputs,
  };
  const dtype = definition.dtype?.(inputs, attributes) ?? (inputs as readonly Tensor[])[0]!.dtype;
  outputs.push(
    new Tensor(dtype, definition.shape(inputs, attributes), { kind: "operation", operation, index: 0 }),
  );
  for (const { shape, dtype = "float32" } of definition.statistics?.(inputs, attributes) ?? [])
    outputs.push(new Tensor(dtype, shape, { kind: "operation", operation, index: outputs.length }));
  return outputs[0]!;
}

/** The same operation on other inputs of the same types and shapes. */
export function repeat(operation: Operation, inputs: readonly Tensor[]): Operation {
  const outputs: Tensor[] = [];
  const repeated: Operation = { ...operation, inputs, outputs };
  for (const [index, { dtype, shape }] of operation.outputs.entries())
    outputs.push(new Tensor(dtype, shape, { kind: "operation", operation: repeated, index }));
  return repeated;
}

/** Numbers among the operands become scalars of the first tensor's type. */
function tensors(operands: readonly Operand[]): Tensor[] {
  const dtype = operands.find((operand) => operand instanceof Tensor && operand.dtype !== "bool");
  return operands.map((operand) =>
    operand instanceof Tensor
      ? operand
      : constant(operand, dtype instanceof Tensor ? dtype.dtype : "float32"),
  );
}
