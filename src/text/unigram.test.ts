import fc from "fast-check";
import { expect, test } from "vitest";
import { unigramSegmenter } from "./unigram.ts";

const vocab: [string, number][] = [
  ["a", -1],
  ["b", -2],
  ["ab", -2.5],
  ["ba", -2],
  ["aab", -4],
  ["😀b", -3],
];
const scores = new Map(vocab);
const UNKNOWN = -14;

function bestScore(word: string): number {
  if (word === "") return 0;
  const first = String.fromCodePoint(word.codePointAt(0)!);
  const beginnings = [...scores].filter(([piece]) => word.startsWith(piece));
  if (!scores.has(first)) beginnings.push([first, UNKNOWN]);
  return Math.max(...beginnings.map(([piece, score]) => score + bestScore(word.slice(piece.length))));
}

test("no other segmentation is likelier", () => {
  const word = fc.array(fc.constantFrom("a", "b", "😀", "x"), { maxLength: 10 }).map((all) => all.join(""));
  const segment = unigramSegmenter({ vocab, unk_id: 0 });
  fc.assert(
    fc.property(word, (word) => {
      const pieces = segment(word);
      expect(pieces.join("")).toBe(word);
      const scoreOf = (piece: string) => scores.get(piece) ?? [...piece].length * UNKNOWN;
      const score = pieces.reduce((sum, piece) => sum + scoreOf(piece), 0);
      expect(score).toBeCloseTo(bestScore(word), 9);
    }),
  );
});

test("unknown characters in a row are one piece", () => {
  expect(unigramSegmenter({ vocab, unk_id: 0 })("axy😀z")).toEqual(["a", "xy😀z"]);
});
