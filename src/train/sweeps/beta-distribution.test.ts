import fc from "fast-check";
import { expect, test } from "vitest";
import { betaProbability, betaQuantile } from "./beta-distribution.ts";

// SciPy 1.17's special.betainc(a, b, x).
test.each([
  [0.5, 1, 1, 0.5],
  [0.3, 2, 5, 0.5798250000000003],
  [0.9, 2, 5, 0.999945],
  [0.01, 0.5, 0.5, 0.06376856085851985],
  [0.7, 0.1, 3, 0.9986864853942555],
  [0.999, 20, 1, 0.9801888648295347],
  [0.5, 300, 200, 3.543480264392529e-6],
  [0.62, 300, 200, 0.8190699881577963],
  [1e-9, 0.2, 0.2, 0.008340225021488528],
])("I_%d(%d, %d) is %d", (x, a, b, probability) => {
  expect(betaProbability(x, { a, b }) / probability).toBeCloseTo(1, 11);
});

test("quantile and probability undo each other", () => {
  // Below 1 a share of the distribution lies nearer to 1 than a number can.
  const shape = fc.double({ min: 1, max: 50, noNaN: true });
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), shape, shape, (p, a, b) => {
      expect(betaProbability(betaQuantile(p, { a, b }), { a, b })).toBeCloseTo(p, 9);
    }),
  );
});
