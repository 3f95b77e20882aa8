import { Worker } from "node:worker_threads";
import type { NdArray, NdArrays } from "../ndarray.ts";
import type { TrainerOptions } from "./trainer.ts";
import { WorkerCalls } from "./worker-calls.ts";

/** What one optimizer step reports. */
export interface StepReport {
  /** Mean loss over the micro-batches. */
  readonly loss: number;
  /** Global L2 norm of the gradient before clipping; where it is not finite the parameters stayed as they were. */
  readonly gradientNorm: number;
}

/** Everything a resumed run needs from the session: parameters, moments, number of steps. */
export interface TrainingState {
  /** Optimizer steps done. */
  readonly step: number;
  readonly parameters: Map<string, NdArray<"float32">>;
  /** Optimizer state by slot ("first_moment", "second_moment"), then by parameter. */
  readonly slots: Map<string, Map<string, NdArray<"float32">>>;
}

/** A model being trained in a worker thread: the caller's event loop stays free. */
export interface TrainingSession {
  /** Forward and backward on each micro-batch (gradients are averaged), then one optimizer update. */
  step(microBatches: readonly NdArrays[], options: { learningRate: number }): Promise<StepReport>;
  /** Forward only, without dropout, on the current parameters. */
  evaluate(inputs: NdArrays): Promise<NdArrays>;
  /** A copy of everything that training changes. */
  state(): Promise<TrainingState>;
  restore(state: TrainingState): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a training session in a worker thread. The arrays of `parameters` move to it and are empty afterwards, so
 * that no model is in memory twice.
 * @throws {TensorError} when a program does not load
 */
export async function startTraining(options: TrainerOptions): Promise<TrainingSession> {
  const calls = new WorkerCalls(new Worker(new URL("./training-worker.ts", import.meta.url)));
  const owned = [...options.parameters.values()].map(({ data }) => data.buffer);
  try {
    await calls.call(
      "start",
      [options],
      [...new Set(owned)].filter((buffer) => buffer instanceof ArrayBuffer),
    );
  } catch (error) {
    await calls.close();
    throw error;
  }
  return {
    step: (microBatches, stepOptions) => calls.call("step", [microBatches, stepOptions]),
    evaluate: (inputs) => calls.call("evaluate", [inputs]),
    state: () => calls.call("state"),
    restore: (state) => calls.call("restore", [state]),
    async close() {
      await calls.call("close");
      await calls.close();
    },
  };
}
