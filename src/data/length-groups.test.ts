import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lengthGroups, longestFirst } from "./length-groups.ts";
import { seededRandom } from "./random.ts";

const lengths = fc.array(fc.nat(100), { maxLength: 400 });
const batchSize = fc.integer({ min: 1, max: 20 });
const ascending = (a: number, b: number) => a - b;

describe.each([
  ["lengthGroups", (of: number[], size: number) => lengthGroups(of, size, { seed: 1, epoch: 2 })],
  ["longestFirst", longestFirst],
])("%s", (_, group) => {
  test("holds each row once, in batches of the size asked for but one", () => {
    fc.assert(
      fc.property(lengths, batchSize, (rows, size) => {
        const batches = group(rows, size);
        expect(batches.flat().toSorted(ascending)).toEqual([...rows.keys()]);
        const sizes = batches.map((batch) => batch.length).sort(ascending);
        expect(sizes.slice(1).every((full) => full === size)).toBe(true);
      }),
    );
  });

  test("refuses a batch size of nothing", () => {
    expect(() => group([1], 0)).toThrow(/batchSize must be a whole number from 1, got 0/);
  });
});

test("the same seed and epoch give the same batches, another epoch others", () => {
  const rows = Array.from({ length: 300 }, (_, i) => i % 40);
  const batches = (seed: number, epoch: number) => lengthGroups(rows, 8, { seed, epoch });
  expect(batches(23, 1)).toEqual(batches(23, 1));
  expect(batches(23, 1)).not.toEqual(batches(23, 2));
  expect(batches(23, 1)).not.toEqual(batches(24, 1));
});

test("most padding is saved", () => {
  const random = seededRandom(5, "lengths");
  const rows = Array.from({ length: 5000 }, () => 3 + random.integer(60));
  const padded = (batches: number[][]) =>
    batches.reduce((sum, batch) => sum + batch.length * Math.max(...batch.map((row) => rows[row]!)), 0);
  const tokens = rows.reduce((sum, length) => sum + length, 0);
  expect(padded(lengthGroups(rows, 32, { seed: 1, epoch: 0 }))).toBeLessThan(tokens * 1.05);
  expect(padded([random.shuffle(rows.keys())])).toBeGreaterThan(tokens * 1.5);
});

test("evaluation begins with the longest rows", () => {
  expect(longestFirst([3, 9, 1, 9, 5], 2)).toEqual([[1, 3], [4, 0], [2]]);
});
