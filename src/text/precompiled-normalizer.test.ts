import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { precompiledNormalizer } from "./precompiled-normalizer.ts";

const t5 = new URL("../../../shared/goldens/tokenizers/unigram-t5/tokenizer.json", import.meta.url);
const present = existsSync(t5);
if (!present) console.warn("SKIPPED: shared/goldens/tokenizers is not beside the repository");

describe.skipIf(!present)("with T5's map", () => {
  const normalize = present
    ? precompiledNormalizer(JSON.parse(readFileSync(t5, "utf8")).normalizer)
    : (text: string) => text;

  // Expected values: the Rust library's Precompiled, tokenizers 0.23.3.
  test.each([
    ["tab\tnl\n", "tab nl "],
    ["a\u0085b", "a\u0085b"],
    ["zero\u200Djoiner", "zero\u200Djoiner"],
    ["①ﬁ … ™ 𝒳", "1fi ... TM X"],
    ["e\u0301", "é"],
    // A cluster of five bytes becomes what its beginning becomes; the second accent is lost there as well.
    ["a\u0300\u0301", "à"],
    ["\uFF76\uFF9E", "\u30AB\u3099"],
    ["\u0007bell \uFEFFbom", "bell  bom"],
    ["👨\u200D👩", "👨\u200D👩"],
  ])("%j becomes %j", (text, normalized) => {
    expect(normalize(text)).toBe(normalized);
  });
});

test("without a map nothing changes", () => {
  expect(precompiledNormalizer({ precompiled_charsmap: null })("ﬁ")).toBe("ﬁ");
});

test("what is no map is refused", () => {
  expect(() => precompiledNormalizer({ precompiled_charsmap: "AAAA" })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: precompiled_charsmap must hold a trie and its replacements, got 3 bytes that do not]`,
  );
});
