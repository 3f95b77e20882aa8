import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { learnBytePairs } from "./learn-byte-pairs.ts";
import { learnTokenizer } from "./learn-tokenizer.ts";
import { loadTokenizer } from "./load-tokenizer.ts";

test("the pair that is met most often is merged first", () => {
  const words = new Map([
    ["low", 5],
    ["lower", 2],
    ["newest", 6],
    ["widest", 3],
  ]);
  // The example of Sennrich et al. 2016, with the ends of words left out.
  expect(learnBytePairs(words, 5)).toEqual([
    ["e", "s"],
    ["es", "t"],
    ["l", "o"],
    ["lo", "w"],
    ["n", "e"],
  ]);
});

test("merging ends where no pair is met twice, and repeated letters are merged from the left", () => {
  expect(learnBytePairs(new Map([["aaaa", 1]]), 9)).toEqual([["a", "a"]]);
  expect(learnBytePairs(new Map([["abcd", 1]]), 9)).toEqual([]);
});

/** How often each pair of neighbours stands in words that are cut into parts. */
function countPairs(words: readonly { readonly parts: readonly string[]; readonly count: number }[]) {
  const counts = new Map<string, number>();
  for (const { parts, count } of words)
    for (let i = 1; i < parts.length; i++) {
      const pair = `${parts[i - 1]} ${parts[i]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  return counts;
}

test("every merge is of a pair that no other is met more often than, counted anew", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "d"), minLength: 1, maxLength: 8 });
  const words = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 1000 })), { maxLength: 12 });
  fc.assert(
    fc.property(words, (entries) => {
      const counts = new Map(entries);
      let cut = [...counts].map(([word, count]) => ({ parts: [...word], count }));
      for (const [left, right] of learnBytePairs(counts, 20)) {
        const pairs = countPairs(cut);
        expect(pairs.get(`${left} ${right}`)).toBe(Math.max(...pairs.values()));
        cut = cut.map(({ parts, count }) => {
          const merged: string[] = [];
          for (let i = 0; i < parts.length; i++)
            merged.push(parts[i] === left && parts[i + 1] === right ? left + parts[++i]! : parts[i]!);
          return { parts: merged, count };
        });
      }
    }),
  );
});

test("any text comes back, with its end, also from the files", async () => {
  const texts = ["Hvad hedder du?", "Jeg hedder Bo. Hvad hedder hun?", "hedder, hedder"];
  const learnt = learnTokenizer(texts, { size: 269 });
  expect(learnt).toMatchObject({ size: 269, padId: 0 });
  const folder = await mkdtemp(join(tmpdir(), "havn-learn-tokenizer-"));
  try {
    await learnt.save(folder);
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.encode("").ids).toEqual([1]);
    expect(tokenizer.encode("hedder").ids).toHaveLength(2);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { ids } = tokenizer.encode(text);
        expect(ids.at(-1)).toBe(1);
        const decoded = tokenizer.decode(ids, { skipSpecialTokens: true });
        // Words begin with a space, the first one too.
        expect(decoded.replace(/^ /, "")).toBe(text.replace(/^ /, ""));
      }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a vocabulary without room for all bytes is refused", () => {
  expect(() => learnTokenizer([], { size: 100 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: size must be at least 259, got 100]`,
  );
});
