import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  averagePrecision,
  binaryLogLoss,
  brierScore,
  calibrationBins,
  calibrationError,
  logLoss,
  precisionRecallCurve,
  rocAuc,
  rocAucOneVsOne,
  rocAucOneVsRest,
  rocCurve,
  topKAccuracy,
} from "./probability-metrics.ts";

type Numbers = (number | "Infinity")[];
interface BinaryCase {
  name: string;
  y_true: number[];
  score: number[];
  roc_auc: number;
  average_precision: number;
  log_loss: number;
  brier: number;
  roc_curve: { fpr: Numbers; tpr: Numbers; thresholds: Numbers };
  pr_curve: { precision: Numbers; recall: Numbers; thresholds: Numbers };
}
interface Bin {
  lo: number;
  hi: number;
  count: number;
  accuracy: number | null;
  confidence: number | null;
}
interface MulticlassCase {
  name: string;
  y_true: number[];
  probabilities: number[][];
  roc_auc_ovr: { macro: number; weighted: number };
  roc_auc_ovo_macro: number;
  log_loss: number;
  top2_accuracy: number;
  top3_accuracy: number | null;
  ece: Record<string, { l1: number; bins: Bin[] }>;
}

const goldens = new URL("../../../../shared/goldens/metrics/probabilities.json", import.meta.url);
const present = existsSync(goldens);
if (!present) console.warn("SKIPPED: shared/goldens/metrics is not beside the repository");
const { binary, multiclass }: { binary: BinaryCase[]; multiclass: MulticlassCase[] } = present
  ? JSON.parse(readFileSync(goldens, "utf8"))
  : { binary: [], multiclass: [] };

// The goldens' own tolerance: both sides compute in doubles.
const DIGITS = 12;

function expectClose(got: readonly number[], wanted: Numbers) {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(got[i]).toBeCloseTo(Number(value), DIGITS);
  });
}

describe.skipIf(!present)("probability metrics equal scikit-learn's", () => {
  test.each(binary)("binary: $name", (golden) => {
    const { y_true: truth, score } = golden;
    expect(rocAuc(truth, score)).toBeCloseTo(golden.roc_auc, DIGITS);
    expect(averagePrecision(truth, score)).toBeCloseTo(golden.average_precision, DIGITS);
    expect(brierScore(truth, score)).toBeCloseTo(golden.brier, DIGITS);
    expect(binaryLogLoss(truth, score)).toBeCloseTo(golden.log_loss, DIGITS);
    const roc = rocCurve(truth, score);
    expectClose(roc.falsePositiveRate, golden.roc_curve.fpr);
    expectClose(roc.truePositiveRate, golden.roc_curve.tpr);
    expectClose(roc.thresholds, golden.roc_curve.thresholds);
    const pr = precisionRecallCurve(truth, score);
    expectClose(pr.precision, golden.pr_curve.precision);
    expectClose(pr.recall, golden.pr_curve.recall);
    expectClose(pr.thresholds, golden.pr_curve.thresholds);
  });

  test.each(multiclass)("multi-class: $name", (golden) => {
    const { y_true: truth, probabilities } = golden;
    expect(rocAucOneVsRest(truth, probabilities)).toBeCloseTo(golden.roc_auc_ovr.macro, DIGITS);
    expect(rocAucOneVsRest(truth, probabilities, "weighted")).toBeCloseTo(
      golden.roc_auc_ovr.weighted,
      DIGITS,
    );
    expect(rocAucOneVsOne(truth, probabilities)).toBeCloseTo(golden.roc_auc_ovo_macro, DIGITS);
    expect(logLoss(truth, probabilities)).toBeCloseTo(golden.log_loss, DIGITS);
    expect(topKAccuracy(truth, probabilities, 2)).toBeCloseTo(golden.top2_accuracy, DIGITS);
    if (golden.top3_accuracy !== null)
      expect(topKAccuracy(truth, probabilities, 3)).toBeCloseTo(golden.top3_accuracy, DIGITS);
    for (const [bins, { l1, bins: wanted }] of Object.entries(golden.ece)) {
      expect(calibrationError(truth, probabilities, { bins: Number(bins) })).toBeCloseTo(l1, DIGITS);
      calibrationBins(truth, probabilities, Number(bins)).forEach((bin, i) => {
        expect(bin.count).toBe(wanted[i]?.count);
        expect(bin.accuracy ?? -1).toBeCloseTo(wanted[i]?.accuracy ?? -1, DIGITS);
        expect(bin.confidence ?? -1).toBeCloseTo(wanted[i]?.confidence ?? -1, DIGITS);
      });
    }
  });
});

test("the area is the share of pairs in the right order, ties counting half", () => {
  const rows = fc
    .array(fc.tuple(fc.nat(1), fc.nat(6)), { minLength: 2, maxLength: 30 })
    .filter((pairs) => new Set(pairs.map(([label]) => label)).size === 2);
  fc.assert(
    fc.property(rows, (pairs) => {
      const [positives, negatives] = [1, 0].map((label) => pairs.filter(([l]) => l === label));
      let won = 0;
      for (const [, p] of positives!) for (const [, n] of negatives!) won += p > n ? 1 : p === n ? 0.5 : 0;
      const area = rocAuc(
        pairs.map(([label]) => label),
        pairs.map(([, score]) => score),
      );
      expect(area).toBeCloseTo(won / (positives!.length * negatives!.length), DIGITS);
    }),
  );
});

test("a curve without one of the classes has no area", () => {
  expect(rocAuc([1, 1], [0.2, 0.4])).toBeNaN();
  expect(rocAuc([0, 0], [0.2, 0.4])).toBeNaN();
});

test("a model that answers NaN has no area either", () => {
  expect(rocAuc([0, 1], [Number.NaN, 0.4])).toBeNaN();
});
