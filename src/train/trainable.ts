import type { Loadable } from "../data/index.ts";
import type { NdArrays } from "../tensor/index.ts";

/**
 * What training asks of a task: how a labelled row becomes numbers, and how its predictions are judged.
 *
 * An `Outcome` is the little that is kept of an evaluated row, for example its target and its predicted
 * class. The outputs of a batch are let go after it, since the logits of a whole split of long sequences
 * would not fit into memory.
 */
export interface Trainable<Row, Example, Outcome> extends Loadable<Row, Example> {
  /**
   * One outcome for each row of a batch, in order.
   * @param inputs  what `collate` made of the rows, targets included
   * @param outputs what the model answered: `loss` (float32 scalar, mean over the rows), `logits`, ...
   * @param rows    the rows themselves, for what the numbers do not keep, such as the text of a reference
   */
  outcomes(inputs: NdArrays, outputs: NdArrays, rows: readonly Row[]): Outcome[];
  /** Metrics over all rows of a split, such as `{ accuracy, f1 }`. */
  measure(outcomes: readonly Outcome[]): Record<string, number>;
}
