import { TaskError } from "./task-error.ts";

/**
 * Softmax of the logits of one row.
 *
 * @param name of the output
 * @param row  of the batch, for the message
 * @throws {TaskError} when a logit is not finite
 */
export function classProbabilities(logits: Iterable<number>, { name, row }: { name: string; row: number }) {
  const scores = [...logits];
  if (!scores.every(Number.isFinite))
    throw new TaskError(
      `the ${name} of row ${row} of the batch must be finite, got [${scores.join(", ")}]: the model has diverged (train it again with a lower optimizer.learning_rate), or its weights are damaged`,
    );
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
