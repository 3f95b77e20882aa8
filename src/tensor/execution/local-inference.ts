import type { InferenceSession } from "./inference-session.ts";
import { Runtime, type RuntimeOptions } from "./runtime.ts";

/**
 * Opens a model in the thread that calls: for threads that do nothing else meanwhile, since a run blocks them. Arrays
 * then need not be copied from thread to thread.
 * @param model an ONNX file, or its bytes
 * @throws {TensorError} when ONNX Runtime cannot load it
 */
export async function openLocalInference(
  model: string | Uint8Array,
  options: RuntimeOptions = {},
): Promise<InferenceSession> {
  const runtime = await Runtime.load(model, options);
  return {
    inputNames: runtime.inputNames,
    outputNames: runtime.outputNames,
    run: (inputs) => runtime.run(inputs),
    close: () => runtime.close(),
  };
}
