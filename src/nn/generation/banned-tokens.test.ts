import fc from "fast-check";
import { expect, test } from "vitest";
import { bannedTokens } from "./banned-tokens.ts";

const end = 1;
const banned = (written: number[], noRepeatNgramSize: number, minLength = 0) =>
  [...bannedTokens(written, end, { noRepeatNgramSize, minLength })].sort();

test("what would repeat a run of tokens is banned", () => {
  expect(banned([0, 5, 6, 7, 5, 6], 3)).toEqual([7]);
  expect(banned([0, 5, 6, 5, 7, 5], 2)).toEqual([6, 7]);
  expect(banned([0, 5, 6], 1)).toEqual([0, 5, 6]);
  expect(banned([0, 5, 5], 2)).toEqual([5]);
  expect(banned([0, 5], 3)).toEqual([]);
  expect(banned([0, 5, 5, 5], 0)).toEqual([]);
});

test("the end is banned before the shortest length", () => {
  expect(banned([0, 5], 0, 3)).toEqual([end]);
  expect(banned([0, 5, 6], 0, 3)).toEqual([]);
});

test("a token is banned exactly when it would make a run stand twice", () => {
  const token = fc.integer({ min: 0, max: 3 });
  fc.assert(
    fc.property(
      fc.array(token, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      token,
      (written, size, next) => {
        const runs = (tokens: number[]) =>
          tokens.slice(size - 1).map((_, at) => tokens.slice(at, at + size).join());
        const added = runs([...written, next]).at(-1);
        const repeats = added !== undefined && runs(written).includes(added);
        expect(banned(written, size).includes(next)).toBe(repeats);
      },
    ),
  );
});
