import { pythonWords } from "../../text/index.ts";
import {
  commonNgrams,
  ngramCounts,
  ngramTotal,
  referenceCount,
  SACREBLEU_VERSION,
  type TranslationPair,
} from "./ngram-counts.ts";

export interface Chrf {
  /** 0 to 100. */
  readonly score: number;
  /** How it was computed, in sacreBLEU's words. */
  readonly signature: string;
}

const ORDERS = [1, 2, 3, 4, 5, 6];
/** Recall counts as much as precision times this squared. */
const BETA = 2;

/**
 * chrF2 of a corpus (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation") as sacreBLEU computes
 * it: characters without white space, n-grams up to 6, of several references the one that fits best.
 * @throws {RangeError} when sentences have different numbers of references
 */
export function chrf(pairs: readonly TranslationPair[]): Chrf {
  const references = referenceCount(pairs);
  const sentences = pairs.map(bestCounts);
  const sum = ORDERS.map((_, i) =>
    sentences.reduce(
      ({ right, written, known }, counts) => ({
        right: right + counts[i]!.right,
        written: written + counts[i]!.written,
        known: known + counts[i]!.known,
      }),
      { right: 0, written: 0, known: 0 },
    ),
  );
  return {
    score: fScore(sum),
    signature: `nrefs:${references}|case:mixed|eff:yes|nc:6|nw:0|space:no|version:${SACREBLEU_VERSION}`,
  };
}

/** The line that sacreBLEU prints. */
export const chrfLine = ({ signature, score }: Chrf): string => `chrF2|${signature} = ${score.toFixed(1)}`;

/** N-grams of one order: those in both, in the hypothesis, in the reference. */
interface OrderCounts {
  readonly right: number;
  readonly written: number;
  readonly known: number;
}

function bestCounts({ hypothesis, references }: TranslationPair): readonly OrderCounts[] {
  const written = ngramsOf(hypothesis);
  const counted = references.map((reference) => count(written, ngramsOf(reference)));
  return counted.reduce((best, other) => (fScore(other) > fScore(best) ? other : best));
}

const ngramsOf = (text: string): Map<string, number>[] => {
  const characters = [...pythonWords(text).join("")];
  return ORDERS.map((size) => ngramCounts(characters, size));
};

const count = (
  hypothesis: readonly Map<string, number>[],
  reference: readonly Map<string, number>[],
): OrderCounts[] =>
  hypothesis.map((written, i) => {
    const known = reference[i]!;
    // What a reference is too short for does not count against the hypothesis.
    const isKnown = known.size > 0;
    return {
      right: commonNgrams(written, known),
      written: isKnown ? ngramTotal(written) : 0,
      known: ngramTotal(known),
    };
  });

/** From precision and recall, each averaged over the orders that both texts are long enough for. */
function fScore(counts: readonly OrderCounts[]): number {
  const possible = counts.filter(({ written, known }) => written > 0 && known > 0);
  const mean = (share: (counts: OrderCounts) => number) =>
    possible.reduce((sum, order) => sum + share(order), 0) / Math.max(1, possible.length);
  const precision = mean(({ right, written }) => right / written);
  const recall = mean(({ right, known }) => right / known);
  if (precision + recall === 0) return 0;
  return (100 * (1 + BETA ** 2) * precision * recall) / (BETA ** 2 * precision + recall);
}
