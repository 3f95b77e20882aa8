/** What a model takes, against what it is given: found before it runs, where the input can still be named. */
import { TensorError } from "../errors.ts";
import { type NdArray, type NdArrays, sizeOf } from "../ndarray.ts";
import type { Dimension, Shape } from "../shape.ts";

export interface InputSignature {
  readonly name: string;
  readonly dtype: string;
  readonly shape: Shape;
}

const list = (shape: Shape) => `[${shape.join(", ")}]`;

/** A dimension that any size fits: one without a name, or computed from others. */
const isFree = (dim: Dimension): boolean => typeof dim === "string" && !/^[A-Za-z_]\w*$/.test(dim);

/**
 * @throws {TensorError} when an input is missing, has another type or shape, or when a named dimension has two sizes
 */
export function checkInputs(signatures: readonly InputSignature[], arrays: NdArrays): void {
  /** Sizes of the named dimensions, and the inputs that they were found in. */
  const sizes = new Map<string, { readonly size: number; readonly input: string }>();
  for (const { name, dtype, shape } of signatures) {
    const array = arrays[name];
    if (!array)
      throw new TensorError(`input ${name} is missing; the program takes ${describeInputs(signatures)}`);
    const refuse = (reason = "") => {
      const got = `${array.dtype} ${list(array.shape)}`;
      return new TensorError(`input ${name} must be ${dtype} ${list(shape)}${reason}, got ${got}`);
    };
    if (array.data.length !== sizeOf(array.shape))
      throw new TensorError(
        `input ${name} ${list(array.shape)} must have ${sizeOf(array.shape)} elements, got ${array.data.length}`,
      );
    if (array.dtype !== dtype || array.shape.length !== shape.length) throw refuse();
    for (const [axis, dim] of shape.entries()) {
      const size = array.shape[axis]!;
      if (typeof dim === "number" && dim >= 0 && dim !== size) throw refuse();
      if (typeof dim === "number" || isFree(dim)) continue;
      const known = sizes.get(dim);
      if (!known) sizes.set(dim, { size, input: name });
      else if (known.size !== size) throw refuse(` with ${dim} = ${known.size} as in ${known.input}`);
    }
  }
}

/** The first names: what the caller gives comes before the parameters. */
function describeInputs(signatures: readonly InputSignature[]): string {
  const names = signatures.map(({ name }) => name);
  const rest = names.length - 6;
  return names.slice(0, 6).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/**
 * Values for parameters of programs, before the first run.
 * @throws {TensorError} when one is missing or has another shape
 */
export function checkParameters(
  names: readonly string[],
  signatures: readonly InputSignature[],
  values: ReadonlyMap<string, NdArray>,
): void {
  for (const { name, shape } of signatures.filter(({ name }) => names.includes(name))) {
    const value = values.get(name);
    if (!value) throw new TensorError(`the parameters lack ${name} ${list(shape)}, which the model has`);
    if (value.shape.join() !== shape.join())
      throw new TensorError(`parameter ${name} must have shape ${list(shape)}, got ${list(value.shape)}`);
  }
}
