import fc from "fast-check";
import { expect, test } from "vitest";
import { bytePairs } from "./byte-pairs.ts";

type Merge = readonly [string, string];

/** The algorithm as the paper prints it: merge the best pair everywhere, look again. */
function slowly(word: string, merges: readonly Merge[]): string[] {
  const rankOf = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  let symbols = [...word];
  for (;;) {
    const ranks = symbols.slice(1).map((right, index) => rankOf.get(`${symbols[index]} ${right}`));
    const best = Math.min(...ranks.map((rank) => rank ?? Number.POSITIVE_INFINITY));
    if (best === Number.POSITIVE_INFINITY) return symbols;
    const [left, right] = merges[best]!;
    const merged: string[] = [];
    for (let index = 0; index < symbols.length; index++) {
      const matches = symbols[index] === left && symbols[index + 1] === right;
      merged.push(matches ? left + right : symbols[index]!);
      if (matches) index++;
    }
    symbols = merged;
  }
}

/** Merges such as training finds them: of characters, and of what merges before them made. */
const merges = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 }).map((choices) => {
  const known = ["a", "b", "c", "😀"];
  const found: Merge[] = [];
  for (const [one, other] of choices) {
    const pair = [known[one % known.length]!, known[other % known.length]!] as const;
    if (known.includes(pair.join(""))) continue;
    known.push(pair.join(""));
    found.push(pair);
  }
  return found;
});
const word = fc
  .array(fc.constantFrom("a", "a", "b", "c", "😀", "x"), { maxLength: 30 })
  .map((all) => all.join(""));

test("merges like the algorithm of the paper", () => {
  fc.assert(
    fc.property(merges, word, (merges, word) => {
      expect(bytePairs(merges)(word)).toEqual(slowly(word, merges));
    }),
  );
});

test("tells the end of a word from its middle", () => {
  const split = bytePairs([["a", "b</w>"]], { endOfWordSuffix: "</w>" });
  expect(split("abab")).toEqual(["a", "b", "ab"]);
  expect(split("b")).toEqual(["b"]);
  expect(split("")).toEqual([]);
});

test("a word of a million letters", () => {
  const split = bytePairs([
    ["a", "a"],
    ["aa", "aa"],
  ]);
  expect(split("a".repeat(2 ** 20))).toHaveLength(2 ** 18);
});
