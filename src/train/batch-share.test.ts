import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shareFactors, shareOf } from "./batch-share.ts";

const batch = fc.uniqueArray(fc.nat(1000), { maxLength: 40 });
const size = fc.integer({ min: 1, max: 6 });
const shares = (rows: readonly number[], size: number) =>
  Array.from({ length: size }, (_, rank) => shareOf(rows, { rank, size }));

describe("shares of a batch", () => {
  test("hold each row once, and differ by one row at most", () => {
    fc.assert(
      fc.property(batch, size, (rows, size) => {
        const dealt = shares(rows, size);
        expect(new Set(dealt.flat())).toEqual(new Set(rows));
        expect(dealt.flat()).toHaveLength(rows.length);
        const lengths = dealt.map((share) => share.length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("have means whose weighted average is the mean over the batch", () => {
    const values = fc.array(fc.record({ loss: fc.nat(100), weight: fc.nat(3) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(values, size, (values, size) => {
        const weightOf = (rows: readonly number[]) => rows.reduce((sum, row) => sum + values[row]!.weight, 0);
        const meanOf = (rows: readonly number[]) =>
          rows.reduce((sum, row) => sum + values[row]!.weight * values[row]!.loss, 0) / weightOf(rows);
        const rows = [...values.keys()];
        fc.pre(weightOf(rows) > 0);
        const dealt = shares(rows, size);
        const weights = dealt.map((share) => [weightOf(share)]);
        const factors = dealt.map((_, rank) => shareFactors(weights, rank)[0]!);
        expect(factors.reduce((sum, factor) => sum + factor / size, 0)).toBeCloseTo(1, 12);
        const average = dealt.reduce(
          (sum, share, rank) => sum + (factors[rank] === 0 ? 0 : (factors[rank]! / size) * meanOf(share)),
          0,
        );
        expect(average).toBeCloseTo(meanOf(rows), 9);
      }),
    );
  });

  test("count 1 where they are even, exactly", () => {
    expect(shareFactors([[5, 3], [5, 3], [5, 3]], 1)).toEqual([1, 1]); // biome-ignore format: a row a process
    expect(shareFactors([[2, 1], [1, 0]], 1)).toEqual([2 / 3, 0]); // biome-ignore format: a row a process
    expect(shareFactors([[7]], 0)).toEqual([1]);
  });
});
