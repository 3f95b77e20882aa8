import { expect, it } from "vitest";
import { metricGroups } from "./metric-groups.ts";
import { metricTitle, parseMetricName } from "./metric-name.ts";

it("puts what measures the same into one chart, loss and accuracy first", () => {
  const keys = [
    "learning_rate",
    "validation_f1",
    "validation_accuracy",
    "train_loss",
    "train_loss_epoch",
    "validation_loss",
    "gradient_norm",
    "best_validation_accuracy",
    "test_accuracy",
    "epoch",
  ];
  expect(metricGroups(keys)).toEqual([
    { quantity: "loss", keys: ["train_loss", "train_loss_epoch", "validation_loss"] },
    { quantity: "accuracy", keys: ["validation_accuracy"] },
    { quantity: "f1", keys: ["validation_f1"] },
    { quantity: "gradient_norm", keys: ["gradient_norm"] },
    { quantity: "learning_rate", keys: ["learning_rate"] },
  ]);
});

it("gives a chart to a metric that it has never heard of", () => {
  expect(metricGroups(["system/cpu", "constructor"])).toEqual([
    { quantity: "constructor", keys: ["constructor"] },
    { quantity: "system/cpu", keys: ["system/cpu"] },
  ]);
});

it.each([
  ["val_acc", { split: "validation", quantity: "acc" }],
  ["eval/loss", { split: "validation", quantity: "loss" }],
  ["Train.Loss", { split: "train", quantity: "Loss" }],
  ["trainable_parameters", { quantity: "trainable_parameters" }],
  ["loss", { quantity: "loss" }],
])("takes %s apart", (key, name) => {
  expect(parseMetricName(key)).toEqual(name);
});

it("titles metrics as one would say them", () => {
  expect(metricTitle("validation_f1")).toBe("Validation F1");
  expect(metricTitle("learning_rate")).toBe("Learning rate");
});
