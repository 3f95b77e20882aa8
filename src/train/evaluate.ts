import { batches, longestFirst } from "../data/index.ts";
import type { NdArrays } from "../tensor/index.ts";
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
 */
export async function evaluate<Row, Example, Outcome>(
  run: (inputs: NdArrays) => Promise<NdArrays>,
  trainable: Trainable<Row, Example, Outcome>,
  rows: readonly Row[],
  options: EvaluateOptions,
): Promise<Evaluation<Outcome>> {
  const examples = rows.map((row) => trainable.prepare(row));
  return evaluateExamples(run, trainable, examples, options);
}

/** `evaluate` for rows that are prepared already. */
export async function evaluateExamples<Row, Example, Outcome>(
  run: (inputs: NdArrays) => Promise<NdArrays>,
  trainable: Trainable<Row, Example, Outcome>,
  examples: readonly Example[],
  { batchSize, signal }: EvaluateOptions,
): Promise<Evaluation<Outcome>> {
  const lengths = examples.map((example) => trainable.lengthOf(example));
  const outcomes = new Array<Outcome>(examples.length);
  let lossSum: number | undefined;
  for (const { rows, inputs } of batches(examples, trainable, longestFirst(lengths, batchSize))) {
    signal?.throwIfAborted();
    const outputs = await run(inputs);
    // A batch's loss is the mean over its rows, and batches differ in size.
    const loss = outputs.loss?.data[0];
    if (loss !== undefined) lossSum = (lossSum ?? 0) + Number(loss) * rows.length;
    const judged = trainable.outcomes(inputs, outputs);
    if (judged.length !== rows.length) {
      const message = `the task judged ${judged.length} rows of a batch of ${rows.length}: outcomes() must return one for each`;
      throw new TrainError("missing-output", message, {
        details: { expected: rows.length, got: judged.length },
      });
    }
    rows.forEach((row, i) => {
      outcomes[row] = judged[i]!;
    });
  }
  const loss = lossSum === undefined ? {} : { loss: lossSum / examples.length };
  return { metrics: { ...loss, ...trainable.measure(outcomes) }, outcomes };
}
