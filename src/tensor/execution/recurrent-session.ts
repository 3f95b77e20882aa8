import { Worker } from "node:worker_threads";
import type { NdArrays } from "../ndarray.ts";
import type { RuntimeOptions } from "./runtime.ts";
import { WorkerCalls } from "./worker-calls.ts";

/**
 * A program with caches, such as a decoder with keys and values: what it puts out is written into its inputs, behind
 * what earlier runs have written. Caches stay in the worker thread, in place: for 32 beams of T5-small and 64 tokens
 * they are 50 MB, and moving them to the caller and back would take as long as the step itself.
 */
export interface RecurrentSession {
  /**
   * Begins a sequence of runs.
   * @param state  inputs that are not given at each run: what stays the same, and caches, which are written into
   */
  begin(state: NdArrays, caches: Caches): Promise<Recurrence>;
  close(): Promise<void>;
}

export interface Caches {
  /** By output, the input that it is written into. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The axis along which caches grow. */
  readonly axis: number;
}

/** One sequence of runs. Several may be under way in a session, each with a state of its own. */
export interface Recurrence {
  /**
   * @param inputs those that are not in the state
   * @param place  where on their axis the caches are written
   * @returns      the outputs that do not belong to caches
   * @throws {TensorError} when the caches have too little room
   */
  run(inputs: NdArrays, place: number): Promise<NdArrays>;
  /** Keeps these rows of everything in the state, in this order: places of the first axis, the batch. */
  keepRows(rows: readonly number[]): Promise<void>;
  /**
   * Moves what is kept of the caches to their front, and makes room behind it.
   * @param places on the axis of the caches, by row, as many for each
   * @param size   of the axis from now on; what was not written is 0
   */
  keepPlaces(places: readonly (readonly number[])[], size: number): Promise<void>;
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
    async begin(state, caches) {
      const id = await calls.call<number>("begin", [state, caches]);
      return {
        run: (inputs, place) => calls.call("run", [id, inputs, place]),
        keepRows: (rows) => calls.call("keepRows", [id, rows]),
        keepPlaces: (places, size) => calls.call("keepPlaces", [id, places, size]),
        end: () => calls.call("end", [id]),
      };
    },
    close: () => calls.close(),
  };
}
