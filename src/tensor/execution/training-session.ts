import type { NdArray, NdArrays } from "../ndarray.ts";

/** What one optimizer step reports. */
export interface StepReport {
  /** Mean loss over the micro-batches. */
  readonly loss: number;
  /** Global L2 norm of the gradient before clipping. */
  readonly gradientNorm: number;
}

/** Everything a resumed run needs from the session: parameters, both moments, number of steps. */
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
