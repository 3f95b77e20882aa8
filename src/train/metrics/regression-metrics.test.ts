import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { meanAbsoluteError, meanSquaredError, pearson, r2, ranks, spearman } from "./regression-metrics.ts";

interface Golden {
  y_true: number[];
  y_pred: number[];
  mse: number;
  mae: number;
  r2: number;
  pearson: number;
  spearman: number;
}

const goldens = new URL("../../../../shared/goldens/metrics/regression.json", import.meta.url);
const present = existsSync(goldens);
if (!present) console.warn("SKIPPED: shared/goldens/metrics is not beside the repository");

// The goldens' own tolerance: both sides compute in doubles.
const DIGITS = 12;

describe.skipIf(!present)("regression metrics equal scikit-learn's and SciPy's", () => {
  const golden = (): Golden => JSON.parse(readFileSync(goldens, "utf8"));
  test.each([
    ["mse", meanSquaredError],
    ["mae", meanAbsoluteError],
    ["r2", r2],
    ["pearson", pearson],
    ["spearman", spearman],
  ] as const)("%s", (name, metric) => {
    const { y_true, y_pred, ...values } = golden();
    expect(metric(y_true, y_pred)).toBeCloseTo(values[name], DIGITS);
  });
});

test("equal values share the mean of their ranks", () => {
  expect([...ranks([30, 10, 20, 10])]).toEqual([4, 1.5, 3, 1.5]);
});

test("a constant truth has r2 1 when it is met, else 0", () => {
  expect(r2([2, 2], [2, 2])).toBe(1);
  expect(r2([2, 2], [2, 3])).toBe(0);
});

test("different lengths are refused", () => {
  expect(() => meanSquaredError([1, 2], [1])).toThrow(RangeError);
});
