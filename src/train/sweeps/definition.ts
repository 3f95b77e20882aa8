/** A sweep in the words of W&B, checked and made into the parameters that the methods search. */
import { z } from "zod";
import type { Json } from "../../tracking/index.ts";
import type { NumberRange, Parameter, Parameters } from "./parameter.ts";

const number = z.number();

/** W&B's names; the shape of each is in `toParameter`. */
const distributions = [
  "constant",
  "categorical",
  "categorical_w_probabilities",
  "int_uniform",
  "uniform",
  "q_uniform",
  "log_uniform",
  "log_uniform_values",
  "q_log_uniform",
  "q_log_uniform_values",
  "inv_log_uniform",
  "inv_log_uniform_values",
  "normal",
  "q_normal",
  "log_normal",
  "q_log_normal",
] as const;

type Distribution = (typeof distributions)[number];

const json: z.ZodType<Json> = z.json();

const parameterFields = {
  distribution: z.enum(distributions).optional(),
  value: json.optional(),
  values: z.array(json).min(1).optional(),
  probabilities: z.array(z.number().nonnegative()).optional(),
  min: number.optional(),
  max: number.optional(),
  mu: number.optional(),
  sigma: z.number().positive().optional(),
  q: z.number().positive().optional(),
};

const leafSchema = z.strictObject(parameterFields);
type Leaf = z.output<typeof leafSchema>;

/** Nested parameters are dotted keys: `optimizer: { parameters: { learning_rate: ... } }`. */
interface Nested extends Leaf {
  readonly parameters?: Readonly<Record<string, Nested>> | undefined;
}
const nested = (depth: number): z.ZodType<Nested> =>
  depth === 0
    ? leafSchema
    : z.strictObject({
        ...parameterFields,
        parameters: z.record(z.string().min(1), nested(depth - 1)).optional(),
      });

const hyperband = z.strictObject({
  type: z.literal("hyperband"),
  /** The first bracket, in evaluations; further ones follow by the factor `eta`. */
  min_iter: z.int().positive().optional(),
  /** Instead: the most evaluations of a trial; `s` brackets before them, each by the factor `eta` earlier. */
  max_iter: z.int().positive().optional(),
  s: z.int().positive().optional(),
  eta: z.number().gt(1).default(3),
});

/**
 * The words of a sweep as they are written. What must hold between the keys is checked by `parseSweep`, whose
 * problems bear their place too.
 *
 * @see https://docs.wandb.ai/models/sweeps/sweep-config-keys
 */
export const sweepSchema = z
  .strictObject({
    name: z.string().min(1).optional(),
    description: z.string().optional(),
    method: z.enum(["grid", "random", "bayes"]),
    metric: z
      .strictObject({
        name: z.string().min(1),
        goal: z.enum(["minimize", "maximize"]).default("minimize"),
        /** No trial starts once one has reached this value. */
        target: number.optional(),
      })
      .optional(),
    parameters: z.record(z.string().min(1), nested(3)),
    /** The most trials. */
    run_cap: z.int().positive().optional(),
    early_terminate: hyperband.optional(),
  })
  .superRefine((sweep, context) => {
    const problem = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const leaves = flatten(sweep.parameters);
    if (leaves.length === 0) problem(["parameters"], "must name at least one parameter");
    for (const { key, path, leaf } of leaves) {
      const wrong = problemOf(leaf, sweep.method);
      if (wrong) problem(path, `${key} ${wrong}`);
      if (leaves.some((other) => other.path !== path && other.key === key))
        problem(path, `${key} is given twice`);
    }
    if (sweep.method === "bayes" && !sweep.metric)
      problem(["method"], "bayes needs a metric with its name and goal");
    if (!sweep.early_terminate) return;
    const { min_iter, max_iter, s } = sweep.early_terminate;
    if (!sweep.metric) problem(["early_terminate"], "needs a metric with its name and goal");
    if ((min_iter === undefined) === (max_iter === undefined))
      problem(["early_terminate"], "needs either min_iter or max_iter (with s)");
    if ((max_iter === undefined) !== (s === undefined))
      problem(["early_terminate"], "takes max_iter and s together, and s with no min_iter");
  });

export interface Metric {
  readonly name: string;
  readonly goal: "minimize" | "maximize";
  readonly target?: number | undefined;
}

export interface EarlyTermination {
  /** After which evaluations (counting from 1) a trial must be among the best, ascending. */
  readonly brackets: readonly number[];
  /** It must be among the best 1/eta. */
  readonly eta: number;
}

export interface SweepDefinition {
  readonly name?: string | undefined;
  readonly method: "grid" | "random" | "bayes";
  readonly metric?: Metric | undefined;
  readonly parameters: Parameters;
  readonly runCap?: number | undefined;
  readonly earlyTermination?: EarlyTermination | undefined;
}

/** @throws {ZodError} with the place of each problem */
export function parseSweep(definition: unknown): SweepDefinition {
  const { name, method, metric, parameters, run_cap, early_terminate } = sweepSchema.parse(definition);
  return {
    ...{ name, method, metric, runCap: run_cap },
    parameters: new Map(flatten(parameters).map(({ key, leaf }) => [key, toParameter(leaf)])),
    earlyTermination: early_terminate && {
      brackets: bracketsOf(early_terminate),
      eta: early_terminate.eta,
    },
  };
}

interface PlacedLeaf {
  readonly key: string;
  /** Within the definition. */
  readonly path: (string | number)[];
  readonly leaf: Leaf;
}

function flatten(
  parameters: Readonly<Record<string, Nested>>,
  prefix = "",
  path: readonly string[] = ["parameters"],
): PlacedLeaf[] {
  return Object.entries(parameters).flatMap(([name, { parameters: inner, ...leaf }]) => {
    const key = prefix + name;
    const place = [...path, name];
    const deeper = inner ? flatten(inner, `${key}.`, [...place, "parameters"]) : [];
    const isGroup = inner !== undefined && Object.values(leaf).every((value) => value === undefined);
    return isGroup ? deeper : [{ key, path: place, leaf }, ...deeper];
  });
}

/** As W&B reads a parameter that does not say its distribution. */
function distributionOf({ distribution, value, values, min, max }: Leaf): Distribution | undefined {
  if (distribution !== undefined) return distribution;
  if (values !== undefined) return "categorical";
  if (value !== undefined) return "constant";
  if (min === undefined || max === undefined) return undefined;
  return Number.isInteger(min) && Number.isInteger(max) ? "int_uniform" : "uniform";
}

/** The keys that a distribution needs, and those that it may have beside them. */
const keysOf: Record<Distribution, { readonly needs: (keyof Leaf)[]; readonly takes?: (keyof Leaf)[] }> = {
  constant: { needs: ["value"] },
  categorical: { needs: ["values"], takes: ["probabilities"] },
  categorical_w_probabilities: { needs: ["values", "probabilities"] },
  int_uniform: { needs: ["min", "max"] },
  uniform: { needs: ["min", "max"] },
  q_uniform: { needs: ["min", "max"], takes: ["q"] },
  log_uniform: { needs: ["min", "max"] },
  log_uniform_values: { needs: ["min", "max"] },
  q_log_uniform: { needs: ["min", "max"], takes: ["q"] },
  q_log_uniform_values: { needs: ["min", "max"], takes: ["q"] },
  inv_log_uniform: { needs: ["min", "max"] },
  inv_log_uniform_values: { needs: ["min", "max"] },
  normal: { needs: [], takes: ["mu", "sigma"] },
  q_normal: { needs: [], takes: ["mu", "sigma", "q"] },
  log_normal: { needs: [], takes: ["mu", "sigma"] },
  q_log_normal: { needs: [], takes: ["mu", "sigma", "q"] },
};

/** What is wrong with a parameter, as the rest of a sentence that begins with its name. */
function problemOf(leaf: Leaf, method: "grid" | "random" | "bayes"): string | undefined {
  const distribution = distributionOf(leaf);
  if (!distribution) return "needs a value, values, or min and max";
  const { needs, takes = [] } = keysOf[distribution];
  const missing = needs.filter((key) => leaf[key] === undefined);
  if (missing.length > 0) return `is ${distribution} and needs ${missing.join(" and ")}`;
  const known = new Set<string>([...needs, ...takes, "distribution"]);
  const extra = Object.keys(leaf).filter((key) => leaf[key as keyof Leaf] !== undefined && !known.has(key));
  if (extra.length > 0) return `is ${distribution} and has no use for ${extra.join(" and ")}`;
  const { min = 0, max = 0, values = [], probabilities } = leaf;
  if (min > max) return `must have its min below its max, got ${min} and ${max}`;
  if (distribution.endsWith("_values") && min <= 0)
    return `is ${distribution} and needs a min above 0, got ${min}`;
  if (distribution === "int_uniform" && !(Number.isInteger(min) && Number.isInteger(max)))
    return `is int_uniform and needs whole numbers, got ${min} and ${max}`;
  if (probabilities && probabilities.length !== values.length)
    return `has ${values.length} values and ${probabilities.length} probabilities`;
  if (probabilities && Math.abs(probabilities.reduce((sum, share) => sum + share, 0) - 1) > 1e-6)
    return "must have probabilities whose sum is 1";
  const isCountable = ["constant", "categorical", "categorical_w_probabilities", "int_uniform", "q_uniform"];
  if (method === "grid" && !isCountable.includes(distribution))
    return `is ${distribution}, which has no end of values for a grid; give values, or method random or bayes`;
  return undefined;
}

function toParameter(leaf: Leaf): Parameter {
  const distribution = distributionOf(leaf)!;
  const { value = null, values = [], min = 0, max = 0 } = leaf;
  const exponents = { low: min, high: max };
  switch (distribution) {
    case "constant":
      return { kind: "constant", value };
    case "categorical":
    case "categorical_w_probabilities": {
      const { probabilities = values.map(() => 1 / values.length) } = leaf;
      return { kind: "choice", values, probabilities };
    }
    case "int_uniform":
      return { ...uniform("linear", exponents), isInteger: true };
    case "uniform":
    case "q_uniform":
      return { ...uniform("linear", exponents), ...stepOf(distribution, leaf) };
    case "log_uniform":
    case "q_log_uniform":
      return { ...uniform("log", exponents), ...stepOf(distribution, leaf) };
    // log(1/X) is uniform from min to max, so log X is from -max to -min.
    case "inv_log_uniform":
      return uniform("log", { low: -max, high: -min });
    // log(1/X) is uniform from log(1/max) to log(1/min): X is spread as in log_uniform_values.
    case "inv_log_uniform_values":
    case "log_uniform_values":
    case "q_log_uniform_values":
      return {
        ...uniform("log", { low: Math.log(min), high: Math.log(max) }),
        ...stepOf(distribution, leaf),
      };
    case "normal":
    case "q_normal":
    case "log_normal":
    case "q_log_normal": {
      const shape = { name: "normal", mean: leaf.mu ?? 0, deviation: leaf.sigma ?? 1 } as const;
      const scale = distribution.includes("log") ? "log" : "linear";
      return { kind: "number", scale, shape, ...stepOf(distribution, leaf) };
    }
  }
}

const uniform = (scale: NumberRange["scale"], bounds: { low: number; high: number }): NumberRange => ({
  kind: "number",
  scale,
  shape: { name: "uniform", ...bounds },
});

const stepOf = (distribution: Distribution, { q = 1 }: Leaf): { step?: number } =>
  distribution.startsWith("q_") ? { step: q } : {};

/** More evaluations than any trial has. */
const lastBracket = 1e9;

function bracketsOf({ min_iter, max_iter = 0, s = 0, eta }: z.output<typeof hyperband>): number[] {
  const brackets: number[] = [];
  if (min_iter !== undefined)
    for (let bracket = min_iter; bracket < lastBracket; bracket *= eta) brackets.push(Math.floor(bracket));
  else
    for (let bracket = max_iter / eta, left = s; left > 0 && bracket >= 1; bracket /= eta, left--)
      brackets.unshift(Math.floor(bracket));
  return [...new Set(brackets)];
}
