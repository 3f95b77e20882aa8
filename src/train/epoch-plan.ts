import { lengthGroups } from "../data/index.ts";

/** Which rows each optimizer step of a run sees. */
export interface EpochPlan {
  readonly totalSteps: number;
  /** For each step of the epoch (from 0) its micro-batches, each a list of row indexes. */
  stepsOf(epoch: number): number[][][];
}

/**
 * Divides every epoch into optimizer steps of up to `accumulate` micro-batches of rows of similar length.
 * The same seed and epoch give the same steps, so a resumed run needs to know only how many it has done.
 */
export function planEpochs(
  lengths: readonly number[],
  {
    epochs,
    batchSize,
    accumulate,
    seed,
  }: { epochs: number; batchSize: number; accumulate: number; seed: number },
): EpochPlan {
  const stepsOf = (epoch: number): number[][][] => {
    const groups = lengthGroups(lengths, batchSize, { seed, epoch });
    const steps: number[][][] = [];
    for (let i = 0; i < groups.length; i += accumulate) steps.push(groups.slice(i, i + accumulate));
    return steps;
  };
  // Every epoch has the same number of groups: only their rows differ.
  return { totalSteps: epochs * stepsOf(0).length, stepsOf };
}
