import type { NdArrays } from "../ndarray.ts";

/** A model file opened for inference in a worker thread of its own. */
export interface InferenceSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs one batch; rejects with a `TensorError` when an input is missing or has the wrong type or shape. */
  run(inputs: NdArrays): Promise<NdArrays>;
  close(): Promise<void>;
}

// The owner of `tensor` replaces this body; the signature stays.
export declare function openInference(modelFile: string, options?: { threads?: number }): Promise<InferenceSession>;
