import fc from "fast-check";
import { expect, test } from "vitest";
import { mills, normalDensity, normalProbability, normalQuantile } from "./normal-distribution.ts";

// Half of the complementary error function of the C library at -z / sqrt(2).
test.each([
  [0, 0.5],
  [1, 0.8413447460685429],
  [-1, 0.15865525393145707],
  [1.959963984540054, 0.975],
  [2.999, 0.9986456634662729],
  [3.001, 0.998654527174915],
  [-6, 9.865876450376981e-10],
  [-10, 7.619853024160527e-24],
])("Phi(%d) is %d", (z, probability) => {
  expect(normalProbability(z) / probability).toBeCloseTo(1, 9);
});

test("quantile and probability undo each other", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }), (p) => {
      expect(normalProbability(normalQuantile(p))).toBeCloseTo(p, 12);
    }),
  );
});

test("Mills' ratio is the tail over the density", () => {
  for (const z of [3, 5, 10]) expect(mills(z) * normalDensity(z)).toBeCloseTo(normalProbability(-z), 15);
});
