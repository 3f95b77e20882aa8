import { expect, test } from "vitest";
import { parameterGroups } from "./parameter-groups.ts";

const names = ["base.embeddings.weight", "base.layer.0.weight", "base.layer.1.weight", "classifier.bias"];
const group = (frozen: string[], rateScales: Record<string, number> = {}) =>
  parameterGroups(names, { frozen, rateScales });

test("a pattern names all parameters it fits; of several factors the last counts", () => {
  const groups = group(["base.embeddings.*"], { "base.*": 0.5, "*.1.weight": 2 });
  expect([...groups.frozen]).toEqual(["base.embeddings.weight"]);
  expect(Object.fromEntries(groups.rateScales)).toEqual({
    "base.embeddings.weight": 0.5,
    "base.layer.0.weight": 0.5,
    "base.layer.1.weight": 2,
  });
});

test("a dot is a dot, and a pattern is the whole name", () => {
  expect(() => group(["base.layer.0"])).toThrow();
  expect(() => group(["classifierXbias"])).toThrow();
});

test("a pattern that fits nothing is refused with what there is", () => {
  expect(() => group([], { "bert.*": 0.1 })).toThrowErrorMatchingInlineSnapshot(
    `[TaskError: training.rate_scales: "bert.*" fits no parameter; there are base.embeddings.weight, base.layer.0.weight, base.layer.1.weight, classifier.bias, ... (4 in all)]`,
  );
});

test("something must be left to train", () => {
  expect(() => group(["*"])).toThrowErrorMatchingInlineSnapshot(
    `[TaskError: training.frozen leaves no parameter to train]`,
  );
});
