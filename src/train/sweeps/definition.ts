/** A sweep in the words of W&B, checked and made into the parameters that the methods search. */
import { z } from "zod";
import { type Leaf, leafSchema, parameterFields, problemOf, toParameter } from "./distributions.ts";
import type { Parameters } from "./parameter.ts";

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

const leftOut = (why: string) => z.undefined({ error: `must be left out: ${why}` }).optional();
/** What a sweep of W&B says of a program and an account that Havn has no need of. */
const foreign = {
  program: leftOut("what is trained here is the project that the sweep lies in"),
  command: leftOut("what is trained here is the project that the sweep lies in"),
  project: leftOut("it is the one that the sweep lies in"),
  entity: leftOut("a sweep is kept where havn sweep is told to, by --home or --tracking"),
};

/**
 * The words of a sweep as they are written; a metric that is missing is left to the project.
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
        target: z.number().optional(),
      })
      .optional(),
    parameters: z.record(z.string().min(1), nested(3)),
    /** The most trials. */
    run_cap: z.int().positive().optional(),
    early_terminate: hyperband.optional(),
    ...foreign,
  })
  .superRefine((sweep, context) => {
    const problem = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const leaves = flatten(sweep.parameters);
    if (leaves.length === 0) problem(["parameters"], "must name at least one parameter");
    for (const { key, path, leaf } of leaves) {
      const wrong = problemOf(leaf, sweep.method);
      if (wrong) problem(path, wrong);
      if (leaves.some((other) => other.path !== path && other.key === key))
        problem(path, `must be given once, but ${key} is given twice`);
    }
    if (!sweep.early_terminate) return;
    const { min_iter, max_iter, s } = sweep.early_terminate;
    if ((min_iter === undefined) === (max_iter === undefined))
      problem(["early_terminate"], "needs either min_iter or max_iter (with s)");
    if ((max_iter === undefined) !== (s === undefined))
      problem(["early_terminate"], "takes max_iter and s together, and s with no min_iter");
  });

/** What a sweep is once it is kept: by itself, without the project. */
const completeSchema = sweepSchema.superRefine(({ method, metric, early_terminate }, context) => {
  if (metric) return;
  const needy = [...(method === "bayes" ? ["method"] : []), ...(early_terminate ? ["early_terminate"] : [])];
  for (const key of needy)
    context.addIssue({ code: "custom", path: [key], message: "needs a metric with its name and goal" });
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
  const { name, method, metric, parameters, run_cap, early_terminate } = completeSchema.parse(definition);
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
