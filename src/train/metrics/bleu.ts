import {
  commonNgrams,
  ngramCounts,
  ngramTotal,
  referenceCount,
  SACREBLEU_VERSION,
  type TranslationPair,
} from "./ngram-counts.ts";
import { tokenize13a } from "./tokenize-13a.ts";

export interface Bleu {
  /** 0 to 100. */
  readonly score: number;
  /** Share of the hypotheses' n-grams that a reference has, in percent, for n from 1 to 4. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  /** Words of the hypotheses, and of the references closest to them in length. */
  readonly hypothesisLength: number;
  readonly referenceLength: number;
  /** How it was computed, in sacreBLEU's words. */
  readonly signature: string;
}

const ORDERS = [1, 2, 3, 4];

/**
 * BLEU of a corpus (Papineni et al. 2002) as sacreBLEU computes it (Post 2018, "A Call for Clarity in Reporting BLEU
 * Scores"): words after 13a, case kept, exponential smoothing where no n-gram of an order is right.
 * @throws {RangeError} when sentences have different numbers of references
 */
export function bleu(pairs: readonly TranslationPair[]): Bleu {
  const references = referenceCount(pairs);
  const counts = pairs.map(count);
  const total = (part: (counts: SentenceCounts) => number) =>
    counts.reduce((sum, sentence) => sum + part(sentence), 0);
  const right = ORDERS.map((_, i) => total(({ right }) => right[i]!));
  const written = ORDERS.map((_, i) => total(({ written }) => written[i]!));
  const hypothesisLength = total(({ hypothesisLength }) => hypothesisLength);
  const referenceLength = total(({ referenceLength }) => referenceLength);
  const precisions = smoothed(right, written);
  const brevityPenalty = penalty(hypothesisLength, referenceLength);
  // A precision of 0 is left where there are no n-grams so long: nothing can be said about them.
  const geometric = precisions.includes(0)
    ? 0
    : Math.exp(precisions.reduce((sum, precision) => sum + Math.log(precision), 0) / ORDERS.length);
  return {
    ...{ score: brevityPenalty * geometric, precisions, brevityPenalty, hypothesisLength, referenceLength },
    signature: `nrefs:${references}|case:mixed|eff:no|tok:13a|smooth:exp|version:${SACREBLEU_VERSION}`,
  };
}

/** The line that sacreBLEU prints: name and signature, score, precisions, lengths. */
export function bleuLine({ signature, score, precisions, ...lengths }: Bleu): string {
  const { brevityPenalty, hypothesisLength, referenceLength } = lengths;
  const ratio = referenceLength === 0 ? 0 : hypothesisLength / referenceLength;
  const percents = precisions.map((precision) => precision.toFixed(1)).join("/");
  return (
    `BLEU|${signature} = ${score.toFixed(1)} ${percents} (BP = ${brevityPenalty.toFixed(3)} ` +
    `ratio = ${ratio.toFixed(3)} hyp_len = ${hypothesisLength} ref_len = ${referenceLength})`
  );
}

interface SentenceCounts {
  /** By order: n-grams of the hypothesis that a reference has, and all of them. */
  readonly right: readonly number[];
  readonly written: readonly number[];
  readonly hypothesisLength: number;
  readonly referenceLength: number;
}

function count({ hypothesis, references }: TranslationPair): SentenceCounts {
  const words = tokenize13a(hypothesis);
  const known = references.map(tokenize13a);
  const ngrams = ORDERS.map((size) => ngramCounts(words, size, " "));
  const right = ngrams.map((written, i) => commonNgrams(written, mostOf(known, ORDERS[i]!)));
  return {
    ...{ right, written: ngrams.map(ngramTotal), hypothesisLength: words.length },
    referenceLength: closest(
      words.length,
      known.map(({ length }) => length),
    ),
  };
}

/** Each n-gram as often as the reference that has most of it. */
function mostOf(references: readonly (readonly string[])[], size: number): Map<string, number> {
  const most = new Map<string, number>();
  for (const words of references)
    for (const [ngram, count] of ngramCounts(words, size, " "))
      most.set(ngram, Math.max(count, most.get(ngram) ?? 0));
  return most;
}

/** The length that differs least; of two, the shorter one. */
const closest = (length: number, known: readonly number[]): number =>
  known.reduce((best, other) => {
    const difference = Math.abs(other - length) - Math.abs(best - length);
    return difference < 0 || (difference === 0 && other < best) ? other : best;
  });

/** In percent. Each order without a right n-gram counts half as much as the one before it (Lin & Och 2004). */
function smoothed(right: readonly number[], written: readonly number[]): number[] {
  if (right.every((count) => count === 0)) return right.map(() => 0);
  let half = 1;
  return right.map((count, i) => {
    if (written[i] === 0) return 0;
    if (count > 0) return (100 * count) / written[i]!;
    half /= 2;
    return (100 * half) / written[i]!;
  });
}

function penalty(hypothesisLength: number, referenceLength: number): number {
  if (hypothesisLength >= referenceLength) return 1;
  return hypothesisLength > 0 ? Math.exp(1 - referenceLength / hypothesisLength) : 0;
}
