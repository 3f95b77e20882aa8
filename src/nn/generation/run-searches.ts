/** Searches of a batch of sources in step with one another. */
import type { BeamSearch } from "./beam-search.ts";
import type { DecoderStep } from "./decoder-step.ts";

/**
 * Takes every search to its end, a step of the model for all of them at a time; those that are done leave the batch.
 * @param searches one for each source of the batch that `step` was made for
 * @yields after each step
 */
export async function* runSearches(step: DecoderStep, searches: readonly BeamSearch[]): AsyncGenerator<void> {
  for (;;) {
    const open = [...searches.entries()].filter(([, search]) => !search.isDone);
    if (open.length === 0) return;
    const sources = open.map(([source, { beams }]) => ({ source, beams }));
    const next = await step.next(sources, Math.max(...open.map(([, { wanted }]) => wanted)));
    for (const [i, [, search]] of open.entries()) search.advance(next[i]!);
    yield;
  }
}
