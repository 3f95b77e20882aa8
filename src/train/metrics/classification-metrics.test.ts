import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  accuracy,
  balancedAccuracy,
  cohenKappa,
  confusionMatrix,
  f1,
  matthewsCorrelation,
  perClass,
  precision,
  recall,
} from "./classification-metrics.ts";

type Averages = Record<"macro" | "micro" | "weighted", number>;
interface Case {
  name: string;
  labels: number[];
  y_true: number[];
  y_pred: number[];
  accuracy: number;
  balanced_accuracy: number;
  precision: Averages;
  recall: Averages;
  f1: Averages;
  per_class: { precision: number[]; recall: number[]; f1: number[]; support: number[] };
  confusion_matrix: number[][];
  matthews_corrcoef: number;
  cohen_kappa: number | "NaN";
}

const goldens = new URL("../../../../shared/goldens/metrics/labels.json", import.meta.url);
const present = existsSync(goldens);
if (!present) console.warn("SKIPPED: shared/goldens/metrics is not beside the repository");
const cases: Case[] = present ? JSON.parse(readFileSync(goldens, "utf8")).cases : [];

// The goldens' own tolerance: both sides compute in doubles.
const DIGITS = 12;

describe.skipIf(!present)("classification metrics equal scikit-learn's", () => {
  test.each(cases)("$name", (golden) => {
    const matrix = confusionMatrix(golden.y_true, golden.y_pred, golden.labels.length);
    expect(matrix).toEqual(golden.confusion_matrix);
    expect(accuracy(matrix)).toBeCloseTo(golden.accuracy, DIGITS);
    expect(balancedAccuracy(matrix)).toBeCloseTo(golden.balanced_accuracy, DIGITS);
    for (const average of ["macro", "micro", "weighted"] as const) {
      expect(precision(matrix, average)).toBeCloseTo(golden.precision[average], DIGITS);
      expect(recall(matrix, average)).toBeCloseTo(golden.recall[average], DIGITS);
      expect(f1(matrix, average)).toBeCloseTo(golden.f1[average], DIGITS);
    }
    const classes = perClass(matrix);
    expect(classes.support).toEqual(golden.per_class.support);
    for (const metric of ["precision", "recall", "f1"] as const)
      golden.per_class[metric].forEach((value, i) => {
        expect(classes[metric][i]).toBeCloseTo(value, DIGITS);
      });
    expect(matthewsCorrelation(matrix)).toBeCloseTo(golden.matthews_corrcoef, DIGITS);
    if (golden.cohen_kappa === "NaN") expect(cohenKappa(matrix)).toBeNaN();
    else expect(cohenKappa(matrix)).toBeCloseTo(golden.cohen_kappa, DIGITS);
  });
});

test("swapping truth and prediction swaps precision and recall", () => {
  const rows = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1 });
  fc.assert(
    fc.property(rows, (pairs) => {
      const [truth, predicted] = [pairs.map(([t]) => t), pairs.map(([, p]) => p)];
      const [forward, backward] = [
        confusionMatrix(truth, predicted, 4),
        confusionMatrix(predicted, truth, 4),
      ];
      expect(precision(forward, "macro")).toBeCloseTo(recall(backward, "macro"), DIGITS);
      expect(matthewsCorrelation(forward)).toBeCloseTo(matthewsCorrelation(backward), DIGITS);
    }),
  );
});

test("a class out of range is refused with its row", () => {
  expect(() => confusionMatrix([0, 1], [0, 2], 2)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: row 1: classes must be 0 to 1, got 1 and 2]`,
  );
  expect(() => confusionMatrix([0, 1], [0], 2)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: 2 true classes, but 1 predicted ones]`,
  );
});
