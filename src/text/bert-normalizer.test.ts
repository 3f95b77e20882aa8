import { expect, test } from "vitest";
import { bertNormalizing, normalizeBert } from "./bert-normalizer.ts";

const uncased = bertNormalizing.parse({});

// Expected values: the Rust library's BertNormalizer, tokenizers 0.23.3.
test.each([
  ["Crème Brûlée", "creme brulee"],
  ["ΟΔΥΣΣΕΥΣ", "οδυσσευσ"],
  ["İstanbul", "istanbul"],
  ["a\u0000b\u200Bc\uFFFDd\uD800e", "abcde"],
  ["tab\tline\nno\u00A0break\u3000wide", "tab line no break wide"],
  ["漢字", " 漢  字 "],
  ["\u{20000}x", " \u{20000} x"],
  ["\u{2B820}", "\u{2B820}"],
])("%j becomes %j", (text, normalized) => {
  expect(normalizeBert(text, uncased)).toBe(normalized);
});

test("each step can be left out", () => {
  const none = { cleanText: false, spaceChinese: false, stripAccents: false, lowercase: false };
  expect(normalizeBert("\tÀ漢", none)).toBe("\tÀ漢");
  expect(normalizeBert("\tÀ漢", { ...none, lowercase: true })).toBe("\tà漢");
  expect(normalizeBert("\tÀ漢", { ...none, stripAccents: true })).toBe("\tA漢");
});

test("accents go with the capitals unless said otherwise", () => {
  expect(bertNormalizing.parse({ lowercase: false }).stripAccents).toBe(false);
  expect(bertNormalizing.parse({ strip_accents: false }).stripAccents).toBe(false);
  expect(bertNormalizing.parse({ lowercase: true }).stripAccents).toBe(true);
});
