import { expect, test } from "vitest";
import type { Json } from "../../tracking/index.ts";
import type { PastTrial } from "./bayes-search.ts";
import { parseSweep } from "./definition.ts";
import { parameterImportance } from "./importance.ts";
import { proposeTrial } from "./propose-trial.ts";

type Values = Readonly<Record<string, Json>>;

function measured(parameters: object, f: (values: Values) => number, trials = 200) {
  const definition = parseSweep({ method: "random", parameters });
  const past: PastTrial[] = [];
  while (past.length < trials) {
    const values = proposeTrial(definition, past, { seed: 7 })!;
    past.push({ number: past.length + 1, parameters: values, status: "FINISHED", value: f(values) });
  }
  const importance = parameterImportance(definition.parameters, past);
  return Object.fromEntries(importance.map(({ key, ...rest }) => [key, rest]));
}

const unit = { distribution: "uniform", min: 0, max: 1 };
const number = (value: Json | undefined) => value as number;

test("of a sum they are the shares of its variances", () => {
  // Var(3a) : Var(2b) : Var(c) = 9 : 4 : 1
  const found = measured(
    { a: unit, b: unit, c: unit },
    ({ a, b, c }) => 3 * number(a) - 2 * number(b) + number(c),
    400,
  );
  expect(Math.abs(found.a!.importance - 9 / 14)).toBeLessThan(0.1);
  expect(Math.abs(found.b!.importance - 4 / 14)).toBeLessThan(0.1);
  expect(Math.abs(found.c!.importance - 1 / 14)).toBeLessThan(0.05);
  expect(found.a!.correlation).toBeGreaterThan(0.6);
  expect(found.b!.correlation).toBeLessThan(-0.4);
});

test("what does not matter has none, on whatever scale it was drawn", () => {
  const parameters = {
    lr: { distribution: "log_uniform_values", min: 1e-5, max: 1e-1 },
    kind: { values: ["adam", "sgd", "adamw"] },
    noise: unit,
    fixed: { value: 3 },
  };
  // Variances 2/9 of the kinds (0, 1, 0) and 4/3 x 0.2^2 of the logarithm: 0.81 to 0.19
  const found = measured(
    parameters,
    ({ lr, kind }) => (kind === "sgd" ? 1 : 0) + 0.2 * Math.log10(number(lr)),
  );
  expect(Object.keys(found)).toEqual(["kind", "lr", "noise"]);
  expect(Math.abs(found.kind!.importance - 0.81)).toBeLessThan(0.08);
  expect(Math.abs(found.lr!.importance - 0.19)).toBeLessThan(0.08);
  expect(found.noise!.importance).toBeLessThan(0.02);
  expect(found.kind).not.toHaveProperty("correlation");
});

test("effects of two parameters together belong to neither", () => {
  const found = measured(
    { a: unit, b: unit },
    ({ a, b }) => (number(a) > 0.5 === number(b) > 0.5 ? 1 : 0),
    400,
  );
  expect(found.a!.importance + found.b!.importance).toBeLessThan(0.25);
});

test("of too few trials, or of trials that are all the same, nothing is said", () => {
  expect(measured({ a: unit, b: unit }, () => 1, 3)).toEqual({});
  expect(measured({ a: unit, b: unit }, () => 1)).toMatchObject({
    a: { importance: 0 },
    b: { importance: 0 },
  });
});
