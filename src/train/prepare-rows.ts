import type { Trainable } from "./trainable.ts";

/** The examples of rows, in their order. */
export async function prepareRows<Row, Example>(
  trainable: Pick<Trainable<Row, Example, never>, "prepare">,
  rows: readonly Row[],
): Promise<Example[]> {
  const examples: Example[] = [];
  for (const row of rows) examples.push(await trainable.prepare(row));
  return examples;
}
