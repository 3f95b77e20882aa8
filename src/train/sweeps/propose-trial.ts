/** What a sweep tries next. */
import { seededRandom } from "../../data/index.ts";
import type { Json, JsonRecord } from "../../tracking/index.ts";
import { bayesSearch, type PastTrial, type ProposeOptions } from "./bayes-search.ts";
import type { SweepDefinition } from "./definition.ts";
import { allValues, type Parameters, valueAt } from "./parameter.ts";

/**
 * The parameters of the next trial; undefined when there is none to come: all have been tried, `run_cap` is reached,
 * or a trial has reached the metric's target. A pure function of its arguments.
 */
export function proposeTrial(
  definition: SweepDefinition,
  trials: readonly PastTrial[],
  { seed }: Pick<ProposeOptions, "seed">,
): JsonRecord | undefined {
  const { method, parameters, runCap = Number.POSITIVE_INFINITY } = definition;
  if (trials.length >= runCap || hasReachedTarget(definition, trials)) return undefined;
  const number = trials.length + 1;
  switch (method) {
    case "grid":
      return gridPoint(parameters, trials.length);
    case "random":
      return randomPoint(parameters, { seed, number });
    case "bayes":
      return bayesSearch(definition, trials, { seed, number });
  }
}

/** The n-th combination, the last parameter varying fastest; undefined beyond the last. */
export function gridPoint(parameters: Parameters, index: number): JsonRecord | undefined {
  let rest = index;
  const entries: [string, Json][] = [];
  for (const [key, parameter] of [...parameters].reverse()) {
    const values = allValues(parameter) ?? [];
    entries.unshift([key, values[rest % values.length]!]);
    rest = Math.floor(rest / values.length);
  }
  return rest === 0 ? Object.fromEntries(entries) : undefined;
}

function randomPoint(parameters: Parameters, { seed, number }: ProposeOptions): JsonRecord {
  const random = seededRandom(seed, "random", number);
  return Object.fromEntries(
    [...parameters].map(([key, parameter]) => [key, valueAt(parameter, random.next())]),
  );
}

function hasReachedTarget({ metric }: SweepDefinition, trials: readonly PastTrial[]): boolean {
  const target = metric?.target;
  if (metric === undefined || target === undefined) return false;
  return trials.some(
    ({ value }) => value !== undefined && (metric.goal === "maximize" ? value >= target : value <= target),
  );
}
