import { type Loader, type LoadingOptions, longestFirst, openLoader } from "../data/index.ts";
import { type NdArrays, oneProcess, type ProcessGroup } from "../tensor/index.ts";
import { TrainError } from "./train-error.ts";
import type { Trainable } from "./trainable.ts";

/** How a model did on a split. */
export interface Evaluation<Outcome> {
  /** What `measure` says, and `loss` (mean over the rows) where the model tells it. */
  readonly metrics: Readonly<Record<string, number>>;
  /** One for each row, in the order of the rows. */
  readonly outcomes: readonly Outcome[];
}

export interface EvaluateOptions {
  readonly batchSize: number;
  /** Ends the evaluation between two batches, by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a model over rows, longest first, and measures it.
 *
 * @param run one batch through the model: `TrainingSession.evaluate` or `InferenceSession.run`
 * @throws {TrainError} `missing-output` when a batch has not one outcome for each row
 * @throws {DataError} `unprepared_row`, `worker_failed`
 */
export async function evaluate<Row, Example, Outcome>(
  run: (inputs: NdArrays) => Promise<NdArrays>,
  trainable: Trainable<Row, Example, Outcome>,
  rows: readonly Row[],
  { loading = {}, split = "evaluated", ...options }: EvaluateOptions & NamedLoading,
): Promise<Evaluation<Outcome>> {
  const loader = openLoader(trainable, { [split]: rows }, { ...loading, seed: 0 });
  try {
    const { signal } = options;
    const lengths = await loader.lengths(split, { signal });
    const evaluation = await evaluateSplit(run, trainable, { split, rows, lengths, loader }, options);
    if (!evaluation) throw signal?.reason;
    return evaluation;
  } finally {
    await loader.close();
  }
}

interface NamedLoading {
  readonly loading?: LoadingOptions;
  /** Name of the rows' split, for messages. */
  readonly split?: string;
}

/** Rows that a loader loads. */
export interface LoadedSplit<Row, Split extends string> {
  readonly split: Split;
  readonly rows: readonly Row[];
  readonly lengths: readonly number[];
  readonly loader: Loader<Split>;
}

/** What a batch came to. */
interface Judged<Outcome> {
  /** Its place among all batches. */
  readonly batch: number;
  readonly rows: readonly number[];
  /** Mean over the rows, where the model tells it. */
  readonly loss: number | undefined;
  readonly outcomes: readonly Outcome[];
}

/**
 * `evaluate` with a loader that is open already. Of several processes each runs some of the batches, and all of them
 * get the result.
 * @returns undefined when the signal of any process stopped it
 */
export async function evaluateSplit<Row, Example, Outcome, Split extends string>(
  run: (inputs: NdArrays) => Promise<NdArrays>,
  trainable: Trainable<Row, Example, Outcome>,
  { split, rows: all, lengths, loader }: LoadedSplit<Row, Split>,
  { batchSize, signal, processes = oneProcess }: EvaluateOptions & { readonly processes?: ProcessGroup },
): Promise<Evaluation<Outcome> | undefined> {
  const groups = longestFirst(lengths, batchSize);
  const own = groups.flatMap((rows, batch) =>
    batch % processes.size === processes.rank ? [{ rows, batch }] : [],
  );
  const batches = loader.batches(
    split,
    own.map(({ rows }) => rows),
  );
  const judged: Judged<Outcome>[] = [];
  for await (const { rows, inputs } of batches) {
    if (signal?.aborted) break;
    const judgement = judge(
      trainable,
      rows.map((row) => all[row]!),
      inputs,
      await run(inputs),
    );
    judged.push({ batch: own[judged.length]!.batch, rows, ...judgement });
  }
  // Who is stopped says so, since the others wait for its share.
  const parts = await processes.gather(judged.length < own.length ? undefined : judged);
  if (parts.includes(undefined)) return undefined;
  const { loss, outcomes } = combine(parts.flatMap((part) => part ?? []));
  // One process measures for all, since another machine may round differently and then decide differently.
  const isFirst = processes.rank === 0;
  const measured = isFirst && { ...(loss !== undefined && { loss }), ...trainable.measure(outcomes) };
  const [metrics] = await processes.gather(measured);
  return { metrics: metrics || {}, outcomes };
}

function judge<Row, Example, Outcome>(
  trainable: Trainable<Row, Example, Outcome>,
  rows: readonly Row[],
  inputs: NdArrays,
  outputs: NdArrays,
): Pick<Judged<Outcome>, "loss" | "outcomes"> {
  const outcomes = trainable.outcomes(inputs, outputs, rows);
  if (outcomes.length !== rows.length) {
    const message = `the task judged ${outcomes.length} rows of a batch of ${rows.length}: outcomes() must return one for each`;
    throw new TrainError("missing-output", message, {
      details: { expected: rows.length, got: outcomes.length },
    });
  }
  const loss = outputs.loss?.data[0];
  return { loss: loss === undefined ? undefined : Number(loss), outcomes };
}

/** Outcomes in the order of the rows, and the mean loss. */
function combine<Outcome>(judged: readonly Judged<Outcome>[]): {
  readonly loss: number | undefined;
  readonly outcomes: Outcome[];
} {
  const outcomes: Outcome[] = [];
  let lossSum: number | undefined;
  // In the order of the batches, whoever ran them, so that sums are equal to the last bit.
  for (const { rows, loss, outcomes: some } of judged.toSorted((a, b) => a.batch - b.batch)) {
    // A batch's loss is the mean over its rows, and batches differ in size.
    if (loss !== undefined) lossSum = (lossSum ?? 0) + loss * rows.length;
    rows.forEach((row, i) => {
      outcomes[row] = some[i]!;
    });
  }
  return { loss: lossSum === undefined ? undefined : lossSum / outcomes.length, outcomes };
}
