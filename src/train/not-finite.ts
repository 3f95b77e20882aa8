import { TrainError } from "./train-error.ts";

interface FailedStep {
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  readonly learningRate: number;
  /** That of the settings, which the schedule has made the step's of. */
  readonly fullLearningRate: number;
  readonly loss: number;
  readonly gradientNorm: number;
  /** Places of the batch's rows in the training split. */
  readonly rows: readonly number[];
}

/**
 * The error of a step whose loss or gradient is no number.
 * @param checkpoint folder of the last state from before, if there is one
 */
export function notFinite(
  { epoch, rows, fullLearningRate, ...numbers }: FailedStep,
  checkpoint?: string,
): TrainError {
  const { step, learningRate, loss, gradientNorm } = numbers;
  const what = Number.isFinite(loss) ? `the gradient's norm is ${gradientNorm}` : `the loss is ${loss}`;
  const shown = rows.slice(0, 20).join(", ") + (rows.length > 20 ? ` and ${rows.length - 20} more` : "");
  const safe =
    checkpoint === undefined ? "There is no checkpoint yet." : `The checkpoint ${checkpoint} is from before.`;
  const lower = Number((fullLearningRate / 10).toPrecision(6));
  const message =
    `${what} at step ${step} (epoch ${epoch}) with the learning rate ${learningRate}.\n` +
    `Rows of the batch, counted from 0 in the training split: ${shown}.\n` +
    `Try a lower optimizer.learning_rate, such as ${lower}, a longer warm-up or gradient clipping, and look at these rows. ${safe}`;
  return new TrainError("not-finite", message, { details: { ...numbers, rows } });
}
