/** Rows to examples, in whichever thread: what is asked and what is answered can both be sent to another. */

import type { Loadable } from "./preparation.ts";
import { seededRandom } from "./random.ts";

export interface PreparationRequest<Row> {
  readonly rows: readonly Row[];
  /** The place of each in its split, counted from 0. */
  readonly places: readonly number[];
  /** With it the random changes of training are made. */
  readonly variation?: { readonly seed: number; readonly epoch: number } | undefined;
}

/** What was asked for, or the place of the row of which nothing could be made. */
export type Prepared<Value> =
  | { readonly value: Value }
  | { readonly failed: { readonly place: number; readonly error: unknown } };

export async function prepareExamples<Row, Example>(
  loadable: Loadable<Row, Example>,
  { rows, places, variation }: PreparationRequest<Row>,
): Promise<Prepared<Example[]>> {
  const examples: Example[] = [];
  for (const [i, row] of rows.entries()) {
    const place = places[i]!;
    try {
      if (variation && loadable.prepareForTraining) {
        // Of the row alone, so that it makes no difference which thread prepares it, and after which others.
        const { next } = seededRandom(variation.seed, "variation", variation.epoch, place);
        examples.push(await loadable.prepareForTraining(row, next));
      } else examples.push(await loadable.prepare(row));
    } catch (error) {
      return { failed: { place, error } };
    }
  }
  return { value: examples };
}
