/** Symbolic tensors: values with a type and a shape that nothing has computed yet. */
import type { DType, NdArray } from "./ndarray.ts";
import type { Operation } from "./operator.ts";
import type { Dimension, Shape } from "./shape.ts";

/** Where a tensor's numbers come from when a program runs. */
export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "parameter" }
  | { readonly kind: "constant"; readonly value: NdArray }
  /** Keep-or-drop factors drawn anew for every step: 0 with probability `rate`, else 1 / (1 - rate). */
  | { readonly kind: "mask"; readonly site: number; readonly rate: number }
  | { readonly kind: "operation"; readonly operation: Operation; readonly index: number };

/** A value in a graph. Operators make tensors from tensors; a `Program` computes them. */
export class Tensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly source: Source;

  constructor(dtype: DType, shape: Shape, source: Source) {
    this.dtype = dtype;
    this.shape = shape;
    this.source = source;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** The dimension of an axis, counted from the end when negative. */
  dim(axis: number): Dimension {
    const dim = this.shape.at(axis);
    if (dim === undefined) throw new RangeError(`[${this.shape.join(", ")}] has no axis ${axis}`);
    return dim;
  }
}

/** A value the caller gives at every run, such as `input("input_ids", "int64", ["batch", "sequence"])`. */
export const input = (name: string, dtype: DType, shape: Shape): Tensor =>
  new Tensor(dtype, shape, { kind: "input", name });

/** Fills a new parameter with its first values. */
export type Initializer = (shape: readonly number[], random: () => number) => Float32Array;

/** A float32 tensor that training changes. Its name is its place in the model: see `namedParameters` in nn. */
export class Parameter extends Tensor {
  override readonly shape: readonly number[];
  readonly initialize: Initializer;

  constructor(shape: readonly number[], initialize: Initializer) {
    super("float32", shape, { kind: "parameter" });
    this.shape = shape;
    this.initialize = initialize;
  }
}

/** A float32 tensor of the model that follows the batches instead of a gradient, such as a running mean. */
export class Buffer extends Parameter {}

/** A value that is part of the graph; a plain number becomes a scalar. */
export function constant(value: number | NdArray, dtype: DType = "float32"): Tensor {
  if (typeof value !== "number") return new Tensor(value.dtype, value.shape, { kind: "constant", value });
  return constant(scalar(value, dtype));
}

function scalar(value: number, dtype: DType): NdArray {
  switch (dtype) {
    case "float32":
      return { dtype, shape: [], data: Float32Array.of(value) };
    case "int64":
      return { dtype, shape: [], data: BigInt64Array.of(BigInt(value)) };
    case "int32":
      return { dtype, shape: [], data: Int32Array.of(value) };
    default:
      return { dtype, shape: [], data: Uint8Array.of(value) };
  }
}
