import type { NdArrays } from "../tensor/index.ts";
import type { Trainable } from "./trainable.ts";

/** How a model did on a split. */
export interface Evaluation<Outcome> {
  /** What `measure` says, and `loss` (mean over the rows) where the model tells it. */
  readonly metrics: Readonly<Record<string, number>>;
  /** One for each row, in the order of the rows. */
  readonly outcomes: readonly Outcome[];
}

/**
 * Runs a model over rows, longest first, and measures it.
 * @param run one batch through the model: `TrainingSession.evaluate` or `InferenceSession.run`
 */
export async function evaluate<Row, Example, Outcome>(
  run: (inputs: NdArrays) => Promise<NdArrays>,
  trainable: Trainable<Row, Example, Outcome>,
  rows: readonly Row[],
  { batchSize, signal }: { batchSize: number; signal?: AbortSignal },
): Promise<Evaluation<Outcome>> {
  throw new Error(`not written yet: ${run} ${trainable} ${rows.length} ${batchSize} ${signal}`);
}
