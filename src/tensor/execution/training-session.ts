import { Worker } from "node:worker_threads";
import type { NdArray, NdArrays } from "../ndarray.ts";
import { LaunchedProcesses, oneProcess, type ProcessGroup } from "./process-group.ts";
import type { Span } from "./trace.ts";
import type { TrainerOptions } from "./trainer.ts";
import { WorkerCalls } from "./worker-calls.ts";

/** What one optimizer step reports. */
export interface StepReport {
  /** Mean loss over the micro-batches of all processes, by their weights. */
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

export interface StepOptions {
  readonly learningRate: number;
  /** How much each micro-batch counts in the averages of loss and gradient, over all processes; 1 unless given. */
  readonly weights?: readonly number[];
}

/** A model being trained in a worker thread: the caller's event loop stays free. */
export interface TrainingSession {
  /**
   * Forward and backward on each micro-batch (gradients are averaged), then one optimizer update. Where several
   * processes train, each calls this with its own micro-batches, which may be none, and all make the same update.
   */
  step(microBatches: readonly NdArrays[], options: StepOptions): Promise<StepReport>;
  /** Forward only, without dropout, on the current parameters. */
  evaluate(inputs: NdArrays): Promise<NdArrays>;
  /** A copy of everything that training changes. */
  state(): Promise<TrainingState>;
  restore(state: TrainingState): Promise<void>;
  /** Takes over the state of the first process; all of them call it, before their first step. */
  synchronise(): Promise<void>;
  /** What happened when so far, where `profile` was asked for; the profile of kernels ends with it. */
  profile(): Promise<readonly Span[]>;
  close(): Promise<void>;
}

/**
 * Starts a training session in a worker thread. The arrays of `parameters` move to it and are empty afterwards, so
 * that no model is in memory twice.
 * @param processes those that train this model together, from `joinProcesses`; each starts the session
 * @throws {TensorError} when a program does not load
 */
export async function startTraining(
  options: TrainerOptions,
  processes: ProcessGroup = oneProcess,
): Promise<TrainingSession> {
  const { calls, end } = trainingThread(processes);
  const owned = [...options.parameters.values()].map(({ data }) => data.buffer);
  try {
    await calls.call(
      "start",
      [options],
      [...new Set(owned)].filter((buffer) => buffer instanceof ArrayBuffer),
    );
  } catch (error) {
    await end();
    throw error;
  }
  return {
    step: (microBatches, stepOptions) => calls.call("step", [microBatches, stepOptions]),
    evaluate: (inputs) => calls.call("evaluate", [inputs]),
    state: () => calls.call("state"),
    restore: (state) => calls.call("restore", [state]),
    synchronise: () => calls.call("synchronise"),
    profile: () => calls.call("profile"),
    async close() {
      await calls.call("close");
      await end();
    },
  };
}

/** A thread for one session, or the one that stays because MPI belongs to it. */
function trainingThread(processes: ProcessGroup): { calls: WorkerCalls; end(): Promise<void> } {
  if (processes instanceof LaunchedProcesses) return { calls: processes.calls, end: async () => {} };
  const calls = new WorkerCalls(new Worker(new URL("./training-worker.ts", import.meta.url)));
  return { calls, end: () => calls.close() };
}
