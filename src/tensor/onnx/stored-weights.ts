/** Smaller forms in which weights are stored: 16-bit floats, and 8-bit integers with a scale for each row or column. */
import { type NdArray, sizeOf } from "../ndarray.ts";

/** How the weights of an inference program are stored. */
export const precisions = ["float32", "float16", "int8"] as const;

export type Precision = (typeof precisions)[number];

/** Integers q and the factors that make floats of them: w = q * scale. */
export interface QuantizedMatrix {
  /** Of the matrix's shape. */
  readonly values: Int8Array<ArrayBuffer>;
  /** One for each slice of the axis. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/**
 * The largest integer of a quantised weight. Processors without VNNI add pairs of products with 8-bit activations in
 * 16 bits, where two products of largest numbers are cut off: rare (once in millions of pairs of normally distributed
 * numbers). Seven bits would exclude it, and double the error on every machine.
 */
const largestInteger = 127;

/**
 * Symmetric quantisation of a matrix: each slice of the axis has its own scale, zero stays zero, and no value moves
 * by more than half a scale (Jacob et al. 2018, section 2.1, without a zero point).
 * @param axis 0 for a scale for each row, 1 for each column
 */
export function quantizeMatrix({ shape, data }: NdArray<"float32">, axis: 0 | 1): QuantizedMatrix {
  const [rows, columns] = shape as readonly [number, number];
  const largest = new Float32Array(shape[axis]!);
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++) {
      const slice = axis === 0 ? row : column;
      largest[slice] = Math.max(largest[slice]!, Math.abs(data[i]!));
    }
  // A slice of zeros needs some scale: 1 keeps it zero.
  const scales = largest.map((value) => value / largestInteger || 1);
  const values = new Int8Array(data.length);
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++)
      values[i] = Math.round(data[i]! / scales[axis === 0 ? row : column]!);
  return { values, scales };
}

/** The largest finite number of 16 bits (IEEE 754 binary16). */
const largestHalf = 65504;

/** The same values in half of the bytes, rounded to 11 significant bits; undefined where one would become infinite. */
export function toHalf({ data }: NdArray<"float32">): Float16Array<ArrayBuffer> | undefined {
  return data.some((value) => Math.abs(value) > largestHalf) ? undefined : Float16Array.from(data);
}

/** Vectors (biases, norms) stay as they are: they are few bytes, and what they scale is not. */
export const isMatrix = ({ shape }: NdArray): boolean => shape.length >= 2 && sizeOf(shape) > 0;
