/** The worker thread behind `openInference`. */
import { parentPort, workerData } from "node:worker_threads";
import type { NdArrays } from "../ndarray.ts";
import { Runtime, type RuntimeOptions } from "./runtime.ts";
import { serve } from "./worker-calls.ts";

const { model, options } = workerData as { model: string | Uint8Array; options: RuntimeOptions };
let runtime: Runtime | undefined;

serve(parentPort!, {
  async open() {
    runtime = await Runtime.load(model, options);
    return { inputNames: runtime.inputNames, outputNames: runtime.outputNames };
  },
  run: (inputs: NdArrays) => runtime!.run(inputs),
});
