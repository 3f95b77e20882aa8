import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../tracking/index.ts";
import type { PastTrial } from "./bayes-search.ts";
import { parseSweep } from "./definition.ts";
import { proposeTrial } from "./propose-trial.ts";
import { branin, braninMinimum, hartmann6, hartmann6Minimum } from "./testing/functions.ts";

type Words = Parameters<typeof parseSweep>[0];
type Loss = (parameters: JsonRecord) => number | undefined;

/** Runs a sweep to its end: trials one after another, those without a loss fail. */
function sweep(words: Words, loss: Loss, { seed = 1, trials = 1000 } = {}): PastTrial[] {
  const definition = parseSweep(words);
  const past: PastTrial[] = [];
  while (past.length < trials) {
    const parameters = proposeTrial(definition, past, { seed });
    if (!parameters) break;
    const value = loss(parameters);
    const end = value === undefined ? { status: "FAILED" as const } : { status: "FINISHED" as const, value };
    past.push({ number: past.length + 1, parameters, ...end });
  }
  return past;
}

const best = (trials: readonly PastTrial[]): number =>
  Math.min(...trials.flatMap(({ value }) => value ?? []));
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const number = (value: unknown): number => value as number;

test("a grid is every combination once, in order", () => {
  const parameters = { a: { values: ["x", "y"] }, b: { min: 1, max: 3 }, c: { value: true } };
  const trials = sweep({ method: "grid", parameters }, () => 0);
  expect(trials.map(({ parameters: { a, b, c } }) => `${a}${b}${c}`)).toEqual(
    ["x1", "x2", "x3", "y1", "y2", "y3"].map((name) => `${name}true`),
  );
});

test("random search keeps to the distributions and draws the same for the same seed", () => {
  const parameters = {
    lr: { distribution: "log_uniform_values", min: 1e-5, max: 1e-1 },
    batch: { values: [16, 64], probabilities: [0.8, 0.2] },
  };
  const words = { method: "random", parameters, run_cap: 400 };
  const trials = sweep(words, () => 0);
  const share = (test: (parameters: JsonRecord) => boolean) =>
    trials.filter(({ parameters }) => test(parameters)).length / trials.length;
  expect(trials).toHaveLength(400);
  expect(share(({ lr }) => number(lr) < 1e-3)).toBeCloseTo(0.5, 1);
  expect(share(({ batch }) => batch === 16)).toBeCloseTo(0.8, 1);
  expect(sweep(words, () => 0)).toEqual(trials);
  expect(sweep(words, () => 0, { seed: 2 })).not.toEqual(trials);
});

test("no trial follows once the target is reached", () => {
  const parameters = { p: { min: 0, max: 100 } };
  const metric = { name: "score", goal: "maximize", target: 90 };
  const trials = sweep({ method: "random", metric, parameters }, ({ p }) => number(p));
  expect(trials.filter(({ value }) => value! >= 90)).toHaveLength(1);
  expect(trials.at(-1)!.value).toBeGreaterThanOrEqual(90);
});

describe("Bayesian search", () => {
  const unit = { distribution: "uniform", min: 0, max: 1 };
  const functions: [string, object, Loss, number, number, number][] = [
    [
      "Branin",
      { x: { ...unit, min: -5, max: 10 }, y: { ...unit, max: 15 } },
      ({ x, y }) => branin(number(x), number(y)),
      ...([braninMinimum, 30, 0.05] as const),
    ],
    [
      "Hartmann-6",
      Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((key) => [key, unit])),
      (parameters) => hartmann6(Object.values(parameters).map(number)),
      ...([hartmann6Minimum, 45, 0.4] as const),
    ],
  ];

  test.each(functions)(
    "on %s comes far closer to the minimum than random search",
    (name, parameters, loss, minimum, trials, enough) => {
      const metric = { name: "loss" };
      const seeds = [1, 2, 3, 4, 5];
      const regrets = (method: string) =>
        seeds.map((seed) => best(sweep({ method, metric, parameters }, loss, { seed, trials })) - minimum);
      const [bayes, random] = [regrets("bayes"), regrets("random")];
      const show = (values: number[]) => values.map((value) => value.toPrecision(2)).join(", ");
      console.info(
        `${name}, regret after ${trials} trials: bayes ${show(bayes)} (median ${show([median(bayes)])}); ` +
          `random ${show(random)} (median ${show([median(random)])})`,
      );
      expect(median(bayes)).toBeLessThan(enough);
      expect(median(bayes)).toBeLessThan(median(random) / 4);
    },
    240_000,
  );

  /** Best at lr = 0.01 with the second kind and five layers; a kind of its own always fails. */
  const mixed = {
    method: "bayes",
    metric: { name: "accuracy", goal: "maximize" },
    parameters: {
      lr: { distribution: "log_uniform_values", min: 1e-5, max: 1 },
      kind: { values: ["first", "second", "third", "broken"] },
      layers: { min: 1, max: 8 },
      fixed: { value: 7 },
    },
  };
  const accuracy: Loss = ({ lr, kind, layers }) =>
    kind === "broken"
      ? undefined
      : 1 -
        0.1 * Math.abs(Math.log10(number(lr)) + 2) -
        0.02 * Math.abs(number(layers) - 5) -
        (kind === "second" ? 0 : 0.2);

  test("finds its way among categories, whole numbers and trials that fail", () => {
    const found = [1, 2, 3].map((seed) => sweep(mixed, accuracy, { seed, trials: 30 }));
    const bests = found.map((trials) => Math.max(...trials.map(({ value }) => value ?? 0)));
    expect(median(bests)).toBeGreaterThan(0.96);
    for (const trials of found) {
      expect(trials.filter(({ status }) => status === "FAILED").length).toBeLessThan(8);
      for (const { parameters } of trials) expect(parameters).toMatchObject({ fixed: 7 });
    }
  });

  test("is the same for the same seed, and not for another", () => {
    const run = (seed: number) => sweep(mixed, accuracy, { seed, trials: 12 });
    expect(run(4)).toEqual(run(4));
    expect(run(4)).not.toEqual(run(5));
  });

  test("sends agents that work at once to different places", () => {
    const definition = parseSweep({
      method: "bayes",
      metric: { name: "loss" },
      parameters: { x: { ...unit, min: -5, max: 10 }, y: { ...unit, max: 15 } },
    });
    const past: PastTrial[] = sweep(
      { method: "random", parameters: { x: { ...unit, min: -5, max: 10 }, y: { ...unit, max: 15 } } },
      ({ x, y }) => branin(number(x), number(y)),
      { trials: 10 },
    );
    for (let agent = 0; agent < 4; agent++) {
      const parameters = proposeTrial(definition, past, { seed: 1 })!;
      past.push({ number: past.length + 1, parameters, status: "RUNNING" });
    }
    const places = past
      .slice(10)
      .map(({ parameters }) => [number(parameters.x) / 15, number(parameters.y) / 15]);
    for (const [i, a] of places.entries())
      for (const b of places.slice(i + 1))
        expect(Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!)).toBeGreaterThan(0.02);
  });

  test("tries each point of a finite space once, and ends", () => {
    const parameters = { batch: { values: [16, 64, 128] }, epochs: { min: 1, max: 3 } };
    const words = { method: "bayes", metric: { name: "loss" }, parameters };
    const trials = sweep(words, ({ batch, epochs }) => number(batch) / number(epochs));
    expect(new Set(trials.map(({ parameters }) => JSON.stringify(parameters))).size).toBe(9);
    expect(trials).toHaveLength(9);
  });

  test("goes on when everything has failed, and when all values are the same or huge", () => {
    expect(sweep(mixed, () => undefined, { trials: 8 })).toHaveLength(8);
    expect(sweep(mixed, () => 0.5, { trials: 8 })).toHaveLength(8);
    expect(sweep(mixed, ({ lr }) => (number(lr) > 0.1 ? -1e30 : number(lr)), { trials: 12 })).toHaveLength(
      12,
    );
  });

  test("looks around first, but in no more than a third of a small sweep", () => {
    const loss: Loss = ({ x, y }) => branin(number(x), number(y));
    const [, parameters] = functions[0]!;
    const words = { method: "bayes", metric: { name: "loss" }, parameters, run_cap: 10 };
    const bayes = [1, 2, 3, 4, 5].map((seed) => best(sweep(words, loss, { seed })));
    const random = [1, 2, 3, 4, 5].map((seed) => best(sweep({ ...words, method: "random" }, loss, { seed })));
    expect(median(bayes)).toBeLessThan(median(random));
  });
});
