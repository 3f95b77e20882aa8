/** Whole numbers among a model's buffers, and how they stand in checkpoints. */
import { Buffer, int64, type NdArray, type Parameter } from "../tensor/index.ts";
import { zeros } from "./initializers.ts";

/**
 * A count that starts at 0, such as `num_batches_tracked`: int64 in a checkpoint as PyTorch writes it, float32 in
 * programs, where it is exact up to 2^24 (16 million) batches.
 */
export class Counter extends Buffer {
  constructor() {
    super([], zeros);
  }
}

type Parameters = ReadonlyMap<string, Parameter>;

/** Tensors as a checkpoint of the model holds them: counters are int64. */
export const storedTensors = (
  parameters: Parameters,
  weights: ReadonlyMap<string, NdArray<"float32">>,
): Map<string, NdArray> =>
  new Map(
    [...weights].map(([name, array]) => [
      name,
      parameters.get(name) instanceof Counter ? int64(array.shape, array.data) : array,
    ]),
  );

/** The value of a parameter from a checkpoint's tensor; undefined where its type is not one that it can have. */
export function computedTensor(parameter: Parameter, array: NdArray): NdArray<"float32"> | undefined {
  if (array.dtype === "float32") return array;
  if (!(parameter instanceof Counter) || array.dtype !== "int64") return undefined;
  return { dtype: "float32", shape: array.shape, data: Float32Array.from(array.data, Number) };
}
