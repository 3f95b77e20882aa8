/** Element types that programs read and write. */
export type DType = "float32" | "int64" | "int32" | "bool" | "uint8";

interface ArrayOf {
  float32: Float32Array;
  int64: BigInt64Array;
  int32: Int32Array;
  bool: Uint8Array;
  uint8: Uint8Array;
}

/** What makes the array of each element type. */
export const arrayTypes = {
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  bool: Uint8Array,
  uint8: Uint8Array,
} as const satisfies { [D in DType]: new (length: number) => ArrayOf[D] };

/** Numbers with a shape: what goes into a program and what comes out. Row-major, no strides. */
export type NdArray<D extends DType = DType> = {
  [K in D]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: ArrayOf[K] };
}[D];

/** Arrays under the names of a program's inputs or outputs. */
export type NdArrays = Record<string, NdArray>;

/** Number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dim) => size * dim, 1);

/** A float32 array of `shape`, zeros unless `data` is given. */
export function float32(shape: readonly number[], data: ArrayLike<number> = []): NdArray<"float32"> {
  const values = data instanceof Float32Array ? data : new Float32Array(sizeOf(shape));
  if (values !== data) values.set(data);
  return { dtype: "float32", shape, data: values };
}

/** An int64 array of `shape` (token ids, labels), zeros unless `data` is given. */
export function int64(shape: readonly number[], data: ArrayLike<number | bigint> = []): NdArray<"int64"> {
  const values = new BigInt64Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) values[i] = BigInt(data[i]!);
  return { dtype: "int64", shape, data: values };
}
