/** What one hyperparameter can be, and its way to the unit interval and back, on which all methods search. */
import type { Json } from "../../tracking/index.ts";
import { type BetaShape, betaProbability, betaQuantile } from "./beta-distribution.ts";
import { normalProbability, normalQuantile } from "./normal-distribution.ts";

/** A parameter with one value. */
export interface Constant {
  readonly kind: "constant";
  readonly value: Json;
}

/** One of several values without an order. */
export interface Choice {
  readonly kind: "choice";
  readonly values: readonly Json[];
  /** One for each value; their sum is 1. */
  readonly probabilities: readonly number[];
}

/** A number. `scale` is what is spread evenly between the bounds, or as the shape says: the number or its logarithm. */
export interface NumberRange {
  readonly kind: "number";
  readonly scale: "linear" | "log";
  /** Bounds on that scale; for a normal distribution its mean and standard deviation, for a beta distribution its shapes. */
  readonly shape:
    | { readonly name: "uniform"; readonly low: number; readonly high: number }
    | { readonly name: "normal"; readonly mean: number; readonly deviation: number }
    | ({ readonly name: "beta" } & BetaShape);
  /** Multiples of this alone. */
  readonly step?: number;
  /** Whole numbers from the low to the high bound, both included, each as likely. */
  readonly isInteger?: boolean;
}

export type Parameter = Constant | Choice | NumberRange;

/** Dotted keys of the configuration. */
export type Parameters = ReadonlyMap<string, Parameter>;

/** The value at a share of the distribution: `valueAt(parameter, uniform random number)` is a draw. */
export function valueAt(parameter: Parameter, unit: number): Json {
  switch (parameter.kind) {
    case "constant":
      return parameter.value;
    case "choice":
      return parameter.values[indexAt(parameter.probabilities, unit)]!;
    case "number":
      return numberAt(parameter, unit);
  }
}

/** The number's place in [0, 1], such that `valueAt(parameter, unitOf(parameter, value))` is the value. */
export function unitOf(parameter: NumberRange, value: number): number {
  const { scale, shape, isInteger } = parameter;
  const scaled = scale === "log" ? Math.log(value) : value;
  if (shape.name === "normal") return normalProbability((scaled - shape.mean) / shape.deviation);
  if (shape.name === "beta") return betaProbability(scaled, shape);
  const { low, high } = shape;
  const unit = isInteger ? (scaled - low + 0.5) / (high - low + 1) : (scaled - low) / (high - low || 1);
  return Math.min(1, Math.max(0, unit));
}

/** Which of the values of a choice this is; -1 for none. */
export const indexOf = ({ values }: Choice, value: Json): number => {
  const text = JSON.stringify(value);
  return values.findIndex((candidate) => JSON.stringify(candidate) === text);
};

/** Every value, where there are finitely many; undefined where there are not. */
export function allValues(parameter: Parameter): readonly Json[] | undefined {
  if (parameter.kind === "constant") return [parameter.value];
  if (parameter.kind === "choice") return parameter.values;
  const { shape, scale, isInteger } = parameter;
  const step = isInteger ? 1 : parameter.step;
  if (step === undefined || shape.name !== "uniform") return undefined;
  const [low, high] = [shape.low, shape.high].map((bound) => (scale === "log" ? Math.exp(bound) : bound));
  const [first, last] = [Math.round(low! / step), Math.round(high! / step)];
  if (last - first > 100_000) return undefined;
  return Array.from({ length: last - first + 1 }, (_, i) => tidy((first + i) * step));
}

function numberAt({ scale, shape, step, isInteger }: NumberRange, unit: number): number {
  if (shape.name === "normal") {
    const scaled = shape.mean + shape.deviation * normalQuantile(unit);
    return rounded(scale === "log" ? Math.exp(scaled) : scaled, step);
  }
  if (shape.name === "beta") return rounded(betaQuantile(unit, shape), step);
  const { low, high } = shape;
  if (isInteger) return Math.min(high, Math.floor(low + unit * (high - low + 1)));
  const scaled = low + unit * (high - low);
  return rounded(scale === "log" ? Math.exp(scaled) : scaled, step);
}

const rounded = (value: number, step: number | undefined): number =>
  step === undefined ? value : tidy(Math.round(value / step) * step);

/** 0.30000000000000004 was meant to be 0.3: twelve digits are what a multiple of a step has. */
const tidy = (value: number): number => Number(value.toPrecision(12));

function indexAt(probabilities: readonly number[], unit: number): number {
  let rest = unit;
  for (const [index, probability] of probabilities.entries()) {
    rest -= probability;
    if (rest < 0) return index;
  }
  return probabilities.length - 1;
}
