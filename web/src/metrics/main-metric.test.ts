import { expect, it } from "vitest";
import { lossOf, mainMetric } from "./main-metric.ts";

const withMetrics = (...keys: string[]) => ({
  metrics: Object.fromEntries(keys.map((key, i) => [key, { key, value: i, step: 0, timestamp: 0 }])),
});

it("judges by validation accuracy where there is one", () => {
  expect(mainMetric([withMetrics("validation_f1"), withMetrics("val_accuracy", "validation_loss")])).toBe(
    "val_accuracy",
  );
});

it("judges by what most runs measure otherwise, and never by the loss", () => {
  expect(
    mainMetric([
      withMetrics("validation_loss", "validation_chrf"),
      withMetrics("validation_loss", "validation_bleu"),
      withMetrics("validation_bleu", "test_bleu"),
    ]),
  ).toBe("validation_bleu");
  expect(mainMetric([])).toBe("validation_accuracy");
});

it("judges runs of other programs by what they call a quality", () => {
  const runs = [withMetrics("seconds", "accuracy_score"), withMetrics("m0", "accuracy_score", "test_f1")];
  expect(mainMetric(runs)).toBe("accuracy_score");
  expect(mainMetric([withMetrics("train_loss", "examples_per_second", "best_validation_f1")])).toBe(
    "validation_accuracy",
  );
});

it("shows the validation loss before the training loss", () => {
  expect(lossOf(withMetrics("train_loss", "validation_loss"))).toBe(1);
  expect(lossOf(withMetrics("train_loss"))).toBe(0);
  expect(lossOf(withMetrics())).toBeUndefined();
});
