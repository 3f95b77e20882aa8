import { type Batch, batches } from "../data/index.ts";
import { type NdArrays, oneProcess } from "../tensor/index.ts";
import { shareFactors, shareOf } from "./batch-share.ts";
import type { TrainOptions } from "./train.ts";

/** What one process runs of an optimizer step. */
export interface StepShare {
  /** All rows of the step, whoever runs them. */
  readonly rows: readonly number[];
  /** None where the rows are fewer than the processes. */
  readonly microBatches: readonly NdArrays[];
  /** Factors of the micro-batches in the averages over all processes. */
  readonly weights: readonly number[];
}

/**
 * Collates this process's share of a step, and agrees with the others on what each share counts and whether to go on.
 *
 * @param groups   rows of each micro-batch of all processes
 * @param examples those of the training split
 * @returns undefined when the signal of any process stops the run
 */
export async function shareStep<Row, Example, Outcome>(
  groups: readonly (readonly number[])[],
  examples: readonly Example[],
  { trainable, signal, lossWeight, processes = oneProcess }: TrainOptions<Row, Example, Outcome>,
): Promise<StepShare | undefined> {
  const collate = (rows: readonly number[]): Batch[] =>
    rows.length === 0 ? [] : [...batches(examples, trainable, [rows])];
  const shares = groups.map((rows) => collate(shareOf(rows, processes)));
  const weights = shares.map(([batch]) => (batch ? (lossWeight?.(batch.inputs) ?? batch.rows.length) : 0));
  const all = await processes.gather({ weights, isStopped: signal?.aborted ?? false });
  if (all.some(({ isStopped }) => isStopped)) return undefined;
  const factors = shareFactors(
    all.map(({ weights }) => weights),
    processes.rank,
  );
  const counted = shares.flatMap(([batch], i) => {
    const weight = factors[i]!;
    return batch && weight !== 0 ? [{ inputs: batch.inputs, weight }] : [];
  });
  return {
    rows: groups.flat(),
    microBatches: counted.map(({ inputs }) => inputs),
    weights: counted.map(({ weight }) => weight),
  };
}
