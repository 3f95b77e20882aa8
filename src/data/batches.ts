import type { NdArrays } from "../tensor/index.ts";
import type { Preparation } from "./preparation.ts";

/** Typed arrays for one run of a program, and the rows they came from. */
export interface Batch {
  /** Indexes into the examples, in the order of the arrays' first dimension. */
  readonly rows: readonly number[];
  readonly inputs: NdArrays;
}

/**
 * Collates examples group by group, each when it is asked for.
 *
 * @param groups row indexes of each batch, from `lengthGroups` or `longestFirst`
 */
export function* batches<Example>(
  examples: readonly Example[],
  preparation: Pick<Preparation<never, Example>, "collate">,
  groups: Iterable<readonly number[]>,
): Generator<Batch> {
  for (const rows of groups) yield { rows, inputs: preparation.collate(rows.map((row) => examples[row]!)) };
}
