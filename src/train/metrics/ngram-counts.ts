/** How often each run of `size` items stands in a sequence, by the items joined with `separator`. */
export function ngramCounts(items: readonly string[], size: number, separator = ""): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + size <= items.length; start++) {
    const ngram = items.slice(start, start + size).join(separator);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** How many n-grams both have, each as often as the one that has fewer. */
export function commonNgrams(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let common = 0;
  for (const [ngram, count] of a) common += Math.min(count, b.get(ngram) ?? 0);
  return common;
}

/** How many n-grams there are, repetitions counted. */
export const ngramTotal = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/** A translation, and what it could have been. */
export interface TranslationPair {
  readonly hypothesis: string;
  readonly references: readonly string[];
}

/** @throws {RangeError} when a sentence has no reference, or not as many as the others */
export function referenceCount(pairs: readonly TranslationPair[]): number {
  const count = pairs[0]?.references.length ?? 1;
  const odd = pairs.findIndex(({ references }) => references.length !== count || count === 0);
  if (odd >= 0)
    throw new RangeError(
      `sentence ${odd}: each sentence must have the same number of references, at least 1; got ${pairs[odd]!.references.length}, the first has ${count}`,
    );
  return count;
}

/** The release of sacreBLEU whose scores ours equal, as signatures name it. */
export const SACREBLEU_VERSION = "2.6.0";
