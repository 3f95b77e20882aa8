import { expect, test } from "vitest";
import { nearest, suggestion } from "./nearest.ts";

test.each([
  ["smal", ["large", "small"], "small"],
  ["traning.epochs", ["training.epochs", "training.seed"], "training.epochs"],
  ["training.epoch", ["training.epochs", "training.seed"], "training.epochs"],
  ["training.width", ["training.epochs", "training.seed"], undefined],
  ["model.q", ["model.a"], undefined],
  ["lion", ["adamw", "sgd"], undefined],
  ["anything", [], undefined],
])("the nearest to %s of %j is %s", (name, known, expected) => {
  expect(nearest(name, known)).toBe(expected);
});

test("where none is near, all are named", () => {
  expect(suggestion("smal", ["large", "small"])).toBe("; did you mean small?");
  expect(suggestion("lion", ["adamw", "sgd"])).toBe("; known are adamw, sgd");
  expect(suggestion("lion", [])).toBe("");
});
