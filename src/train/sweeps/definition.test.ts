import { describe, expect, test } from "vitest";
import { ZodError } from "zod";
import { parseSweep } from "./definition.ts";
import { allValues, unitOf, valueAt } from "./parameter.ts";

const random = (parameters: Record<string, object>) => parseSweep({ method: "random", parameters });
const only = (parameter: object) => random({ p: parameter }).parameters.get("p")!;
const problems = (definition: object): string[] => {
  try {
    parseSweep(definition);
  } catch (error) {
    if (error instanceof ZodError)
      return error.issues.map(({ path, message }) => `${path.join(" / ")}: ${message}`);
  }
  return [];
};

describe("distributions, at the shares 0, 1/2 and almost 1", () => {
  test.each<[object, unknown[]]>([
    [{ value: 3 }, [3, 3, 3]],
    [{ values: ["a", null, [1]] }, ["a", null, [1]]],
    [{ values: [16, 64], probabilities: [0.9, 0.1] }, [16, 16, 64]],
    [{ min: 1, max: 4 }, [1, 3, 4]],
    [{ min: 0.5, max: 1.5 }, [0.5, 1, 1.5]],
    [{ distribution: "uniform", min: 0, max: 2 }, [0, 1, 2]],
    [{ distribution: "q_uniform", min: 0.1, max: 0.9, q: 0.1 }, [0.1, 0.5, 0.9]],
    [{ distribution: "log_uniform", min: 0, max: 2 }, [1, Math.E, Math.E ** 2]],
    [{ distribution: "log_uniform_values", min: 1e-4, max: 1e-2 }, [1e-4, 1e-3, 1e-2]],
    [{ distribution: "q_log_uniform_values", min: 1, max: 100, q: 5 }, [0, 10, 100]],
    [{ distribution: "inv_log_uniform", min: 0, max: 2 }, [Math.E ** -2, Math.E ** -1, 1]],
    [{ distribution: "inv_log_uniform_values", min: 1e-4, max: 1e-2 }, [1e-4, 1e-3, 1e-2]],
  ])("%j", (parameter, expected) => {
    const values = [0, 0.5, 1 - 1e-12].map((unit) => valueAt(only(parameter), unit));
    for (const [i, value] of values.entries())
      if (typeof value === "number")
        expect(value / (expected[i] as number) || 0).toBeCloseTo(expected[i] === 0 ? 0 : 1, 9);
      else expect(value).toEqual(expected[i]);
  });

  test("normal ones have their quantiles", () => {
    const quartile = 0.6744897501960817;
    expect(valueAt(only({ distribution: "normal", mu: 5, sigma: 2 }), 0.75)).toBeCloseTo(5 + 2 * quartile, 9);
    expect(valueAt(only({ distribution: "log_normal" }), 0.75)).toBeCloseTo(Math.exp(quartile), 9);
    expect(valueAt(only({ distribution: "q_normal", mu: 5, sigma: 2, q: 0.5 }), 0.75)).toBe(6.5);
  });

  test("beta ones have their quantiles between 0 and 1", () => {
    // I_x(2, 1) = x^2
    expect(valueAt(only({ distribution: "beta", a: 2 }), 0.25)).toBeCloseTo(0.5, 12);
    expect(valueAt(only({ distribution: "beta" }), 0.3)).toBeCloseTo(0.3, 12);
    expect(valueAt(only({ distribution: "q_beta", a: 2, q: 0.2 }), 0.25)).toBe(0.6);
  });

  test("the way to the unit interval and back is the way one came", () => {
    for (const words of [
      ...["uniform", "log_uniform_values", "int_uniform"].map((name) => ({
        distribution: name,
        min: 2,
        max: 9,
      })),
      { distribution: "normal", mu: 1, sigma: 3 },
      { distribution: "beta", a: 2, b: 5 },
    ]) {
      const parameter = only(words);
      if (parameter.kind !== "number") throw new Error("not a number");
      for (const unit of [0.01, 0.3, 0.77]) {
        const value = valueAt(parameter, unit) as number;
        expect(valueAt(parameter, unitOf(parameter, value))).toBeCloseTo(value, 9);
      }
    }
  });

  test("finite ones can be counted", () => {
    expect(allValues(only({ min: 2, max: 4 }))).toEqual([2, 3, 4]);
    expect(allValues(only({ distribution: "q_uniform", min: 0.1, max: 0.3, q: 0.1 }))).toEqual([
      0.1, 0.2, 0.3,
    ]);
    expect(allValues(only({ min: 0.1, max: 0.2 }))).toBeUndefined();
  });
});

test("nested parameters are dotted keys", () => {
  const { parameters } = random({
    optimizer: { parameters: { learning_rate: { min: 0.1, max: 0.2 }, name: { value: "sgd" } } },
    "training.epochs": { values: [1, 2] },
  });
  expect([...parameters.keys()]).toEqual(["optimizer.learning_rate", "optimizer.name", "training.epochs"]);
});

test("hyperband's brackets follow from either end", () => {
  const brackets = (early: object) =>
    parseSweep({
      ...{ method: "random", metric: { name: "loss" }, parameters: { p: { value: 1 } } },
      early_terminate: { type: "hyperband", ...early },
    }).earlyTermination?.brackets.filter((bracket) => bracket < 100);
  expect(brackets({ min_iter: 3 })).toEqual([3, 9, 27, 81]);
  expect(brackets({ min_iter: 2, eta: 2 })).toEqual([2, 4, 8, 16, 32, 64]);
  expect(brackets({ max_iter: 27, s: 2 })).toEqual([3, 9]);
  expect(brackets({ max_iter: 4, s: 5, eta: 2 })).toEqual([1, 2]);
});

test.each<[object, string]>([
  [{ p: {} }, "parameters / p: must have a value, values, or min and max"],
  [{ p: { min: 1 } }, "parameters / p: must have a value, values, or min and max"],
  [{ p: { min: 2, max: 1 } }, "parameters / p: must have its min below its max, got 2 and 1"],
  [
    { p: { distribution: "log_uniform_values", min: 0, max: 1 } },
    "parameters / p: must have a min above 0, being log_uniform_values, got 0",
  ],
  [{ p: { distribution: "normal", min: 0 } }, "parameters / p: must not have min, being normal"],
  [
    { p: { values: [1, 2], probabilities: [1] } },
    "parameters / p: must have as many probabilities as values, got 1 and 2",
  ],
  [
    { p: { values: [1, 2], probabilities: [0.5, 0.4] } },
    "parameters / p: must have probabilities whose sum is 1",
  ],
  [
    { a: { parameters: { b: { value: 1 } } }, "a.b": { value: 2 } },
    "parameters / a / parameters / b: must be given once, but a.b is given twice",
  ],
  [{ p: { distribution: "beta", mu: 1 } }, "parameters / p: must not have mu, being beta"],
  [
    { p: { distribution: "log_uniform", min: 0.00001, max: 0.001 } },
    "parameters / p: must have the exponents of e as min and max, being log_uniform: 0.00001 and 0.001 are numbers from 1 to 1.001; did you mean log_uniform_values?",
  ],
  [{}, "parameters: must name at least one parameter"],
])("%j is refused with its place", (parameters, problem) => {
  expect(problems({ method: "random", parameters })).toContain(problem);
});

test("what a method or hyperband needs is asked for", () => {
  const parameters = { lr: { min: 0.1, max: 0.2 } };
  expect(problems({ method: "grid", parameters })).toEqual([
    "parameters / lr: must have values for a grid, and uniform has no end of them; list values, or let the method be random or bayes",
  ]);
  expect(problems({ method: "bayes", parameters })).toEqual([
    "method: needs a metric with its name and goal",
  ]);
  expect(
    problems({ method: "random", parameters, early_terminate: { type: "hyperband", min_iter: 2 } }),
  ).toEqual(["early_terminate: needs a metric with its name and goal"]);
  const metric = { name: "loss" };
  expect(
    problems({ method: "random", metric, parameters, early_terminate: { type: "hyperband", s: 2 } }),
  ).toEqual([
    "early_terminate: needs either min_iter or max_iter (with s)",
    "early_terminate: takes max_iter and s together, and s with no min_iter",
  ]);
});
