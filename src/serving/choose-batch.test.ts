import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseBatch } from "./choose-batch.ts";

test("takes all when all fit", () => {
  expect(chooseBatch([9, 1, 5], 3)).toEqual([0, 1, 2]);
});

test("takes the oldest and those nearest to it in length", () => {
  expect(chooseBatch([10, 80, 12, 75, 9], 3)).toEqual([0, 2, 4]);
});

test("always takes the oldest, no index twice, in order of arrival, and none nearer stays behind", () => {
  const lengths = fc.array(fc.nat(100), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 60 }), (lengths, size) => {
      const chosen = chooseBatch(lengths, size);
      expect(chosen[0]).toBe(0);
      expect(chosen).toHaveLength(Math.min(size, lengths.length));
      expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
      const distance = (index: number) => Math.abs(lengths[index]! - lengths[0]!);
      const farthest = Math.max(...chosen.map(distance));
      for (const index of lengths.keys())
        if (!chosen.includes(index)) expect(distance(index)).toBeGreaterThanOrEqual(farthest);
    }),
  );
});
