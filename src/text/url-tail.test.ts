import fc from "fast-check";
import { expect, test } from "vitest";
import { urlTails } from "./url-tail.ts";

const ITEM = String.raw`[^\s()<>{}\[\]]+|\([^\s()]*?\([^\s()]+\)[^\s()]*?\)|\([^\s]+?\)`;
const LAST = String.raw`\([^\s()]*?\([^\s()]+\)[^\s()]*?\)|\([^\s]+?\)|[^\s\x60!()\[\]{};:'".,<>?«»“”‘’]`;
const pattern = new RegExp(`(?:${ITEM})+(?:${LAST})`, "uy");

test("ends where the pattern ends, from every place", () => {
  const stretch = fc.array(fc.constantFrom(..."ab()()>!😀[«"), { maxLength: 12 }).map((all) => all.join(""));
  fc.assert(
    fc.property(stretch, (stretch) => {
      const tails = urlTails(stretch);
      [...stretch].reduce((start, character) => {
        pattern.lastIndex = start;
        expect(tails(start)).toBe(pattern.test(stretch) ? pattern.lastIndex : null);
        return start + character.length;
      }, 0);
    }),
    { numRuns: 1000 },
  );
});

test("needs no more than a glance where the pattern would need years", () => {
  expect(urlTails("!?".repeat(2 ** 19))(0)).toBe(null);
});
