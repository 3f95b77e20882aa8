import fc from "fast-check";
import { expect, test } from "vitest";
import { truncatedLengths } from "./truncate.ts";

test.each([
  [{ first: 3, second: 4 }, 10, { first: 3, second: 4 }],
  [{ first: 3, second: 9 }, 10, { first: 3, second: 7 }],
  [{ first: 9, second: 3 }, 10, { first: 7, second: 3 }],
  [{ first: 9, second: 8 }, 11, { first: 6, second: 5 }],
  [{ first: 8, second: 9 }, 11, { first: 5, second: 6 }],
])("%j in %i tokens is %j", (lengths, room, kept) => {
  expect(truncatedLengths(lengths, room, "longest_first")).toEqual(kept);
});

test.each([
  [
    { first: 8, second: 8 },
    { first: 6, second: 5 },
  ],
  [
    { first: 8, second: 9 },
    { first: 6, second: 5 },
  ],
  [
    { first: 5, second: 9 },
    { first: 5, second: 6 },
  ],
  [
    { first: 9, second: 2 },
    { first: 9, second: 2 },
  ],
  [
    { first: 20, second: 2 },
    { first: 9, second: 2 },
  ],
])("where the first keeps the odd token, %j in 11 tokens is %j", (lengths, kept) => {
  expect(truncatedLengths(lengths, 11, "longest_first", "first")).toEqual(kept);
});

test("what is cut fills the room, and never leaves the longer text shorter", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.nat(60), (first, second, room) => {
      const kept = truncatedLengths({ first, second }, room, "longest_first");
      expect(kept.first + kept.second).toBe(Math.min(room, first + second));
      expect(kept.first).toBeLessThanOrEqual(first);
      expect(kept.second).toBeLessThanOrEqual(second);
      if (first > second) expect(kept.first).toBeGreaterThanOrEqual(kept.second);
    }),
  );
});

test("only the first gives way, if that is enough", () => {
  expect(truncatedLengths({ first: 5, second: 4 }, 6, "only_first")).toEqual({ first: 2, second: 4 });
  expect(() => truncatedLengths({ first: 5, second: 7 }, 6, "only_first")).toThrowErrorMatchingInlineSnapshot(
    `[TextError: maxLength: must leave room for the second text, which has 7 tokens: only 6 are free, and only the first text may be cut]`,
  );
});
