import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bleu, bleuLine } from "./bleu.ts";
import { chrf, chrfLine } from "./chrf.ts";
import type { TranslationPair } from "./ngram-counts.ts";
import { tokenize13a } from "./tokenize-13a.ts";

interface Golden {
  readonly corpus: {
    readonly bleu: {
      readonly score: number;
      readonly signature: string;
      readonly precisions: number[];
      readonly bp: number;
      readonly sys_len: number;
      readonly ref_len: number;
    };
    readonly chrf: { readonly score: number; readonly signature: string };
  };
  readonly sentences: (TranslationPair & { readonly tokens_13a: string; readonly chrf: number })[];
}

const folder = new URL("../../../../shared/goldens/metrics/", import.meta.url);
const present = existsSync(folder);
if (!present) console.warn("SKIPPED: shared/goldens/metrics is not beside the repository");

// The goldens' own tolerance.
const DIGITS = 9;

describe.skipIf(!present).each(["bleu", "bleu_two_references"])("%s equals sacreBLEU's", (name) => {
  const read = (): Golden => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
  const { corpus, sentences } = present ? read() : { corpus: undefined as never, sentences: [] };

  test("BLEU of the corpus", () => {
    const { score, signature, precisions, brevityPenalty, ...lengths } = bleu(sentences);
    expect(score).toBeCloseTo(corpus.bleu.score, DIGITS);
    expect(signature).toBe(corpus.bleu.signature);
    precisions.forEach((precision, i) => {
      expect(precision).toBeCloseTo(corpus.bleu.precisions[i]!, DIGITS);
    });
    expect(brevityPenalty).toBeCloseTo(corpus.bleu.bp, DIGITS);
    const { sys_len: hypothesisLength, ref_len: referenceLength } = corpus.bleu;
    expect(lengths).toEqual({ hypothesisLength, referenceLength });
  });

  test("chrF of the corpus", () => {
    const { score, signature } = chrf(sentences);
    expect(score).toBeCloseTo(corpus.chrf.score, DIGITS);
    expect(signature).toBe(corpus.chrf.signature);
  });

  test("words and chrF of each sentence", () => {
    for (const sentence of sentences) {
      expect(tokenize13a(sentence.hypothesis).join(" ")).toBe(sentence.tokens_13a);
      expect(chrf([sentence]).score).toBeCloseTo(sentence.chrf, DIGITS);
    }
  });
});

const pairs: TranslationPair[] = [
  { hypothesis: "The cat sat on the mat.", references: ["The cat is sitting on the mat."] },
  { hypothesis: "I have 2,000 kroner.", references: ["I have 2,000 kroner."] },
];

test("the lines are those that sacreBLEU prints", () => {
  expect(bleuLine(bleu(pairs))).toMatchInlineSnapshot(
    `"BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0 = 63.7 91.7/80.0/62.5/50.0 (BP = 0.920 ratio = 0.923 hyp_len = 12 ref_len = 13)"`,
  );
  expect(chrfLine(chrf(pairs))).toMatchInlineSnapshot(
    `"chrF2|nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0 = 70.5"`,
  );
});

test("an order without a right n-gram is smoothed; with none at all there is no score", () => {
  const one = (hypothesis: string, reference: string) => bleu([{ hypothesis, references: [reference] }]);
  // sacrebleu.corpus_bleu(["a b c d e"], [["a c b d f"]])
  expect(one("a b c d e", "a c b d f").precisions).toEqual([80, 12.5, 100 / 12, 6.25]);
  expect(one("a b c d", "w x y z")).toMatchObject({ score: 0, precisions: [0, 0, 0, 0] });
  expect(one("too short", "too short")).toMatchObject({ score: 0, precisions: [100, 100, 0, 0] });
  expect(bleu([]).score).toBe(0);
});

test("a text is its own best translation, and no order of sentences is better than another", () => {
  const text = fc.string({ minLength: 8, unit: fc.constantFrom("a", "b", "æ", ".", " ") });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }), (texts) => {
      const pairs = texts.map(([hypothesis, reference]) => ({ hypothesis, references: [reference] }));
      expect(bleu(pairs).score).toBeCloseTo(bleu(pairs.toReversed()).score, DIGITS);
      expect(chrf(pairs).score).toBeCloseTo(chrf(pairs.toReversed()).score, DIGITS);
      const same = texts.map(([text]) => ({ hypothesis: text, references: [text] }));
      expect(chrf(same).score).toBeCloseTo(texts.every(([text]) => text.trim() === "") ? 0 : 100, DIGITS);
    }),
  );
});

test("sentences must have equally many references", () => {
  expect(() =>
    bleu([...pairs, { hypothesis: "x", references: ["x", "y"] }]),
  ).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: sentence 2: each sentence must have the same number of references, at least 1; got 2, the first has 1]`,
  );
});
