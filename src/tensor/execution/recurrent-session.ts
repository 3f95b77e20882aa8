import { Worker } from "node:worker_threads";
import type { NdArrays } from "../ndarray.ts";
import type { RuntimeOptions } from "./runtime.ts";
import { WorkerCalls } from "./worker-calls.ts";

/**
 * A program that goes on from what it put out before, such as a decoder from its caches of keys and values. The state
 * stays in the worker thread: for 32 beams of T5-small it is 50 MB after 64 tokens, and copying it to the caller and
 * back would take as long as the step itself.
 */
export interface RecurrentSession {
  /**
   * Begins a sequence of runs.
   * @param state   inputs that are not given at each run: first values of those that change, and those that stay
   * @param carried by output that belongs to the state, the input that it becomes in the next run
   */
  begin(state: NdArrays, carried: Readonly<Record<string, string>>): Promise<Recurrence>;
  close(): Promise<void>;
}

/** One sequence of runs. Several may be under way in a session, each with a state of its own. */
export interface Recurrence {
  /**
   * @param inputs those that are not in the state
   * @returns      the outputs that are not carried on
   */
  run(inputs: NdArrays): Promise<NdArrays>;
  /** Keeps these places of the first axis (the batch) of everything in the state. */
  select(rows: readonly number[]): Promise<void>;
  /** Drops the state. */
  end(): Promise<void>;
}

/**
 * Opens a model in a worker thread.
 * @param model an ONNX file, or its bytes
 * @throws {TensorError} when ONNX Runtime cannot load it
 */
export async function openRecurrent(
  model: string | Uint8Array,
  options: RuntimeOptions = {},
): Promise<RecurrentSession> {
  const worker = new Worker(new URL("./recurrent-worker.ts", import.meta.url), {
    workerData: { model, options },
  });
  const calls = new WorkerCalls(worker);
  try {
    await calls.call("open");
  } catch (error) {
    await calls.close();
    throw error;
  }
  return {
    async begin(state, carried) {
      const id = await calls.call<number>("begin", [state, carried]);
      return {
        run: (inputs) => calls.call("run", [id, inputs]),
        select: (rows) => calls.call("select", [id, rows]),
        end: () => calls.call("end", [id]),
      };
    },
    close: () => calls.close(),
  };
}
