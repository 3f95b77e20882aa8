/** Parameters in the words of W&B: their distributions, what each needs, and what the methods make of it. */
import { z } from "zod";
import type { Json } from "../../tracking/index.ts";
import type { NumberRange, Parameter } from "./parameter.ts";

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
  "beta",
  "q_beta",
] as const;

type Distribution = (typeof distributions)[number];

const json: z.ZodType<Json> = z.json();
const number = z.number();

/** What a parameter may say. */
export const parameterFields = {
  distribution: z.enum(distributions).optional(),
  value: json.optional(),
  values: z.array(json).min(1).optional(),
  probabilities: z.array(z.number().nonnegative()).optional(),
  min: number.optional(),
  max: number.optional(),
  mu: number.optional(),
  sigma: z.number().positive().optional(),
  /** Shapes of a beta distribution. */
  a: z.number().positive().optional(),
  b: z.number().positive().optional(),
  q: z.number().positive().optional(),
};

export const leafSchema = z.strictObject(parameterFields);
/** A parameter as it is written. */
export type Leaf = z.output<typeof leafSchema>;

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
  beta: { needs: [], takes: ["a", "b"] },
  q_beta: { needs: [], takes: ["a", "b", "q"] },
};

/** What is wrong with a parameter, as the rest of a sentence that begins with its name. */
export function problemOf(leaf: Leaf, method: "grid" | "random" | "bayes"): string | undefined {
  const distribution = distributionOf(leaf);
  if (!distribution) return "must have a value, values, or min and max";
  const { needs, takes = [] } = keysOf[distribution];
  const missing = needs.filter((key) => leaf[key] === undefined);
  if (missing.length > 0) return `must have ${missing.join(" and ")}, being ${distribution}`;
  const known = new Set<string>([...needs, ...takes, "distribution"]);
  const extra = Object.keys(leaf).filter((key) => leaf[key as keyof Leaf] !== undefined && !known.has(key));
  if (extra.length > 0) return `must not have ${extra.join(" or ")}, being ${distribution}`;
  const { min = 0, max = 0, values = [], probabilities } = leaf;
  if (min > max) return `must have its min below its max, got ${min} and ${max}`;
  if (distribution.endsWith("_values") && min <= 0)
    return `must have a min above 0, being ${distribution}, got ${min}`;
  if (areValues(distribution, min, max)) {
    const [low, high] = [min, max].map((bound) => Number(Math.exp(bound).toPrecision(4)));
    return `must have the exponents of e as min and max, being ${distribution}: ${min} and ${max} are numbers from ${low} to ${high}; did you mean ${distribution}_values?`;
  }
  if (distribution === "int_uniform" && !(Number.isInteger(min) && Number.isInteger(max)))
    return `must have whole numbers, being int_uniform, got ${min} and ${max}`;
  if (probabilities && probabilities.length !== values.length)
    return `must have as many probabilities as values, got ${probabilities.length} and ${values.length}`;
  if (probabilities && Math.abs(probabilities.reduce((sum, share) => sum + share, 0) - 1) > 1e-6)
    return "must have probabilities whose sum is 1";
  const isCountable = ["constant", "categorical", "categorical_w_probabilities", "int_uniform", "q_uniform"];
  if (method === "grid" && !isCountable.includes(distribution))
    return `must have values for a grid, and ${distribution} has no end of them; list values, or let the method be random or bayes`;
  return undefined;
}

/** Between 0 and 1 lie learning rates and the like; as exponents they would all be numbers near 1. */
const areValues = (distribution: Distribution, min: number, max: number): boolean =>
  ["log_uniform", "q_log_uniform", "inv_log_uniform"].includes(distribution) && min > 0 && max < 1;

/** What the methods search, of words without a problem. */
export function toParameter(leaf: Leaf): Parameter {
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
    case "beta":
    case "q_beta": {
      const shape = { name: "beta", a: leaf.a ?? 1, b: leaf.b ?? 1 } as const;
      return { kind: "number", scale: "linear", shape, ...stepOf(distribution, leaf) };
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
