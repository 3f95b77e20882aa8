import { expect, it } from "vitest";
import { bestValue } from "./best-value.ts";

it("is the largest accuracy and the smallest loss", () => {
  expect(bestValue("validation_accuracy", [0.6, 0.8, 0.7])).toBe(0.8);
  expect(bestValue("validation_loss", [0.6, 0.4, Number.NaN])).toBe(0.4);
  expect(bestValue("train_loss_epoch", [0.6, 0.4])).toBe(0.4);
});

it("is missing where nothing was measured", () => {
  expect(bestValue("validation_accuracy", [])).toBeUndefined();
  expect(bestValue("validation_loss", [Number.NaN])).toBeUndefined();
});
