import fc from "fast-check";
import { expect, it } from "vitest";
import { smooth } from "./smooth.ts";

it("leaves values as they are without weight, and a constant always", () => {
  expect(smooth([3, 1, 2], 0)).toEqual([3, 1, 2]);
  for (const value of smooth([0.7, 0.7, 0.7], 0.9)) expect(value).toBeCloseTo(0.7, 12);
});

it("averages what came before", () => {
  expect(smooth([0, 1], 0.5)[1]).toBeCloseTo(2 / 3, 12);
});

it("steps over what is not a number", () => {
  expect(smooth([1, Number.NaN, 1], 0.5)).toEqual([1, Number.NaN, 1]);
});

it("stays between the smallest and the largest value", () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 0.99, noNaN: true }), (values, weight) => {
      const smoothed = smooth(values, weight);
      expect(Math.min(...smoothed)).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
      expect(Math.max(...smoothed)).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
    }),
  );
});
