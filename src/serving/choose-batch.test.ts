import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseBatch } from "./choose-batch.ts";

const lengths = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 40 });
const sizes = fc.integer({ min: 1, max: 10 });

test("the oldest runs, at most so many with it, in order of arrival, nobody twice", () => {
  fc.assert(
    fc.property(lengths, sizes, (lengths, size) => {
      const chosen = chooseBatch(lengths, size);
      expect(chosen[0]).toBe(0);
      expect(chosen.length).toBeLessThanOrEqual(size);
      expect(chosen).toEqual([...new Set(chosen)].toSorted((a, b) => a - b));
      for (const index of chosen) expect(lengths[index]).toBeDefined();
    }),
  );
});

test("nobody in between is left out for one that is further from the oldest", () => {
  fc.assert(
    fc.property(lengths, sizes, (lengths, size) => {
      const chosen = new Set(chooseBatch(lengths, size));
      const taken = [...chosen].map((index) => lengths[index]!);
      for (const [index, length] of lengths.entries())
        if (!chosen.has(index))
          expect(length <= Math.min(...taken) || length >= Math.max(...taken)).toBe(true);
    }),
  );
});

test("inputs of one length fill the batch", () => {
  expect(chooseBatch(new Array(40).fill(0), 32)).toEqual([...new Array(32).keys()]);
  expect(chooseBatch([90, 100, 80], 8)).toEqual([0, 1, 2]);
});

test("padding that costs more than another run is not paid", () => {
  expect(chooseBatch([20, 900, 30, 25], 8)).toEqual([0, 2, 3]);
  expect(chooseBatch([900, 20, 30, 25], 8)).toEqual([0]);
  expect(chooseBatch([100, 120, 120, 170, 175], 8)).toEqual([0, 1, 2]);
});
