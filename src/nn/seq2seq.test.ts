import { expect, test } from "vitest";
import { namedParameters } from "./module.ts";
import { seq2seq } from "./seq2seq.ts";

test("a model is made from its config.json, defaults filled in", () => {
  const model = seq2seq({ model_type: "t5" });
  const sizes = [...namedParameters(model).values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  // The published size of T5-small.
  expect(sizes.reduce((a, b) => a + b)).toBe(60_506_624);
  expect(model.tokens).toEqual({ start: 0, end: 1, padding: 0 });
  expect(model.caches).toEqual(new Array(6).fill({ heads: 8, depth: 64 }));
});

test("an architecture that is not known is answered with those that are", () => {
  expect(() => seq2seq({ model_type: "bart" })).toThrowErrorMatchingInlineSnapshot(
    `[CheckpointError: config.json: model_type must be one of t5, got "bart"]`,
  );
});

test("a value that no such model can have is answered with its key", () => {
  expect(() => seq2seq({ model_type: "t5", d_model: 0, dropout_rate: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[CheckpointError: config.json: d_model: Too small: expected number to be >0; dropout_rate: Too big: expected number to be <1]`,
  );
});
