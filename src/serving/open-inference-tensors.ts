/** Tensors as the Open Inference Protocol writes them in JSON, and as programs take them. */
import { z } from "zod";
import type { DType, NdArray } from "../tensor/index.ts";
import { ServingError } from "./serving-error.ts";

/** Names that the protocol has for types of elements. */
export const datatypes = {
  float32: "FP32",
  int64: "INT64",
  int32: "INT32",
  bool: "BOOL",
  uint8: "UINT8",
} as const satisfies Record<DType, string>;

const parameters = z.record(z.string(), z.unknown());

/** A tensor of a request. Its data may be nested like its shape, or flat; without data its bytes lie behind the JSON. */
const requestTensor = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()).max(8),
  datatype: z.string(),
  parameters: parameters.optional(),
  data: z.array(z.unknown()).optional(),
});

export type RequestTensor = z.output<typeof requestTensor> & {
  /** What its bytes behind the JSON were. */
  readonly array?: NdArray;
};

export const inferenceRequest = z.object({
  id: z.string().max(200).optional(),
  parameters: parameters.optional(),
  inputs: z.array(requestTensor).min(1).max(64),
  outputs: z.array(z.object({ name: z.string(), parameters: parameters.optional() })).optional(),
});

export type InferenceRequest = Omit<z.output<typeof inferenceRequest>, "inputs"> & {
  readonly inputs: readonly RequestTensor[];
};

export interface ResponseTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly (number | string | boolean)[];
}

export const invalid = (message: string, path?: string): ServingError =>
  new ServingError("invalid-input", message, { path });

/** The elements of a tensor in order. @throws {ServingError} when there are not as many as its shape says */
export function elementsOf({ name, shape, data = [] }: RequestTensor): readonly unknown[] {
  const elements = data.some(Array.isArray) ? data.flat(shape.length) : data;
  const size = shape.reduce((size, dimension) => size * dimension, 1);
  if (elements.length !== size)
    throw invalid(
      `input ${name} of shape [${shape.join(", ")}] must have ${size} elements, got ${elements.length}`,
    );
  return elements;
}

/** @throws {ServingError} for another type, and for elements that are none of it */
export function toArray(tensor: RequestTensor, dtype: DType): NdArray {
  const { name, shape, datatype, array } = tensor;
  if (datatype !== datatypes[dtype])
    throw invalid(`input ${name} must have the datatype ${datatypes[dtype]}, got ${datatype}`);
  if (array) return array;
  const elements = elementsOf(tensor);
  const wrong = (element: unknown) =>
    invalid(`input ${name} must have elements of ${datatype}, got ${JSON.stringify(element)?.slice(0, 40)}`);
  const numbers = elements.map((element) => {
    if (dtype === "bool" && typeof element === "boolean") return element ? 1 : 0;
    if (typeof element !== "number" || !fits(element, dtype)) throw wrong(element);
    return element;
  });
  switch (dtype) {
    case "float32":
      return { dtype, shape, data: new Float32Array(numbers) };
    case "int64":
      return { dtype, shape, data: BigInt64Array.from(numbers, BigInt) };
    case "int32":
      return { dtype, shape, data: new Int32Array(numbers) };
    default:
      return { dtype, shape, data: new Uint8Array(numbers) };
  }
}

function fits(value: number, dtype: DType): boolean {
  if (dtype === "float32") return true;
  if (dtype === "int64") return Number.isSafeInteger(value);
  const [least, most] = { bool: [0, 1], uint8: [0, 255], int32: [-(2 ** 31), 2 ** 31 - 1] }[dtype] as [
    number,
    number,
  ];
  return Number.isInteger(value) && value >= least && value <= most;
}

export function fromArray(name: string, { dtype, shape, data }: NdArray): ResponseTensor {
  const value = dtype === "bool" ? Boolean : Number;
  return {
    name,
    shape,
    datatype: datatypes[dtype],
    data: Array.from<number | bigint, number | boolean>(data, value),
  };
}
