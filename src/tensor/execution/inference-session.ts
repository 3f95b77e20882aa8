import { Worker } from "node:worker_threads";
import type { NdArrays } from "../ndarray.ts";
import type { RuntimeOptions } from "./runtime.ts";
import { WorkerCalls } from "./worker-calls.ts";

/** A model opened for inference in a worker thread of its own, so that the caller's event loop stays free. */
export interface InferenceSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs one batch; rejects with a `TensorError` when an input is missing or has the wrong type or shape. */
  run(inputs: NdArrays): Promise<NdArrays>;
  close(): Promise<void>;
}

/**
 * Opens a model in a worker thread.
 * @param model an ONNX file, or its bytes
 * @throws {TensorError} when ONNX Runtime cannot load it
 */
export async function openInference(
  model: string | Uint8Array,
  options: RuntimeOptions = {},
): Promise<InferenceSession> {
  const worker = new Worker(new URL("./inference-worker.ts", import.meta.url), {
    workerData: { model, options },
  });
  const calls = new WorkerCalls(worker);
  try {
    const names = await calls.call<Pick<InferenceSession, "inputNames" | "outputNames">>("open");
    return { ...names, run: (inputs) => calls.call<NdArrays>("run", [inputs]), close: () => calls.close() };
  } catch (error) {
    await calls.close();
    throw error;
  }
}
