import type { Batch } from "../data/index.ts";
import { type NdArrays, oneProcess, type ProcessGroup } from "../tensor/index.ts";
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
  /** How long this process waited for its micro-batches. */
  readonly dataWaitSeconds: number;
}

/** Rows of each micro-batch of a step that this process runs; without those of which it has none. */
export const ownRows = (
  groups: readonly (readonly number[])[],
  processes: Pick<ProcessGroup, "rank" | "size">,
): number[][] => groups.map((rows) => shareOf(rows, processes)).filter((rows) => rows.length > 0);

/**
 * Takes this process's share of a step from its batches, and agrees with the others on what each share counts and whether to go on.
 *
 * @param groups  rows of each micro-batch of all processes
 * @param batches those of `ownRows`
 * @returns undefined when the signal of any process stops the run
 */
export async function shareStep<Row, Example, Outcome>(
  groups: readonly (readonly number[])[],
  batches: AsyncIterator<Batch>,
  { signal, lossWeight, processes = oneProcess }: TrainOptions<Row, Example, Outcome>,
): Promise<StepShare | undefined> {
  const start = performance.now();
  const shares: (Batch | undefined)[] = [];
  for (const rows of groups)
    shares.push(shareOf(rows, processes).length > 0 ? (await batches.next()).value : undefined);
  const dataWaitSeconds = (performance.now() - start) / 1000;
  const weights = shares.map((batch) => (batch ? (lossWeight?.(batch.inputs) ?? batch.rows.length) : 0));
  const all = await processes.gather({ weights, isStopped: signal?.aborted ?? false });
  if (all.some(({ isStopped }) => isStopped)) return undefined;
  const factors = shareFactors(
    all.map(({ weights }) => weights),
    processes.rank,
  );
  const counted = shares.flatMap((batch, i) => {
    const weight = factors[i]!;
    return batch && weight !== 0 ? [{ inputs: batch.inputs, weight }] : [];
  });
  return {
    rows: groups.flat(),
    microBatches: counted.map(({ inputs }) => inputs),
    weights: counted.map(({ weight }) => weight),
    dataWaitSeconds,
  };
}
