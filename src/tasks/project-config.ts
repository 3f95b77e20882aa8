/** The configuration of a project: the sections every task has, and those that its kind of task adds. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Composition, compose, validate } from "../config/index.ts";
import { adam, adamw, type OptimizerSettings, sgd } from "../tensor/index.ts";
import { scheduleSchema, type TrainSettings } from "../train/index.ts";
import type { Project } from "./project.ts";
import { absolutePaths } from "./typed-paths.ts";

/** Groups that every project can choose from: `optimizer`, `training`. */
const sharedGroups = fileURLToPath(new URL("./defaults/", import.meta.url));

const rate = z.number().nonnegative();
const beta = z.number().min(0).lt(1);
const adamOptions = {
  learning_rate: rate,
  weight_decay: rate,
  betas: z.tuple([beta, beta]),
  epsilon: z.number().positive(),
};

const commonConfig = z.object({
  seed: z.int().nonnegative(),
  tracking: z
    .strictObject({
      /** Address of an MLflow server that runs are logged to; null: MLFLOW_TRACKING_URI, or the store of this home. */
      uri: z
        .url({ protocol: /^https?$/, error: "must be an address such as http://127.0.0.1:5000" })
        .refine(
          (uri) => !/\/\/[^/]*@/.test(uri),
          "must hold no password: runs log it; use MLFLOW_TRACKING_TOKEN",
        )
        .nullable(),
    })
    .default({ uri: null }),
  optimizer: z.discriminatedUnion("name", [
    z.strictObject({ name: z.literal("adamw"), ...adamOptions }),
    z.strictObject({ name: z.literal("adam"), ...adamOptions }),
    z.strictObject({ name: z.literal("sgd"), learning_rate: rate, weight_decay: rate, momentum: beta }),
  ]),
  training: z.strictObject({
    epochs: z.int().positive(),
    batch_size: z.int().positive(),
    /** Micro-batches of one optimizer step. */
    accumulate: z.int().positive(),
    schedule: scheduleSchema,
    /** Longest gradient; null leaves it as it is. */
    max_gradient_norm: z.number().positive().nullable(),
    /** Patterns of parameters that keep their values, such as `distilbert.embeddings.*`. */
    frozen: z.array(z.string()),
    /** Factors on the learning rate by pattern, such as `{ "classifier.*": 10 }`. */
    rate_scales: z.record(z.string(), z.number().nonnegative()),
    /** The metric that decides which checkpoint is the best, and which version is promoted. */
    best: z.strictObject({
      metric: z.string(),
      goal: z.enum(["maximise", "minimise"]),
      patience: z.int().positive().nullable(),
    }),
    /** Seconds between checkpoints within an epoch: what a kill can cost at most. */
    checkpoint_seconds: z.number().positive(),
    log_every: z.int().positive(),
    /** Keeps only the ends of layers for the backward pass and computes the rest again: less memory, more time. */
    recompute: z.boolean(),
    /** Threads of a step; null takes all cores. */
    threads: z.int().positive().nullable(),
    /** Threads that prepare rows ahead of the step; 0 prepares in the main thread, null as many as there is work for. */
    workers: z.int().nonnegative().nullable(),
    /** Writes a trace of a few steps and prints the most expensive operators. */
    profile: z.boolean(),
  }),
});

/** Sections that every project has. */
export type CommonConfig = z.output<typeof commonConfig>;

export interface ProjectConfig {
  readonly composition: Composition;
  readonly common: CommonConfig;
  /** The task's own sections. */
  readonly task: unknown;
}

export interface ProjectConfigOptions {
  /** The command before the overrides, for messages that show what to type instead. */
  readonly command: string;
  /** Where the overrides were typed: their relative paths are looked for here first, and become absolute. */
  readonly workingFolder?: string;
}

/**
 * Composes and validates a project's configuration.
 * @throws {ConfigError} with the place of every wrong key
 */
export function projectConfig(
  project: Project,
  overrides: readonly string[],
  { command, workingFolder }: ProjectConfigOptions,
): ProjectConfig {
  const composeWith = (overrides: readonly string[]) =>
    compose(join(project.folder, "conf"), { overrides, command, shared: sharedGroups });
  const typed = composeWith(overrides);
  const places = workingFolder !== undefined && { workingFolder, projectFolder: project.folder };
  const composition = places ? composeWith(absolutePaths(typed, project.task.paths, places)) : typed;
  return { composition, ...parse(composition, project) };
}

/** Both halves are validated as one, so that a section of neither is an unknown key. */
function parse(composition: Composition, project: Project): Omit<ProjectConfig, "composition"> {
  const whole = validate(
    composition,
    z.strictObject({ ...commonConfig.shape, ...project.task.config.shape }),
  );
  return { common: commonConfig.parse(whole), task: whole };
}

/** Whether an override says where runs are logged: what a run computes does not depend on it. */
export const isTracking = (override: string): boolean => /^(\+{0,2}|~)tracking[.=@]/.test(override);

/**
 * The server that a project logs to, as its own files and the overrides say; null for none. Nothing else of the
 * configuration has to be right yet.
 */
export function trackingUri(
  project: Project,
  overrides: readonly string[],
  { command }: Pick<ProjectConfigOptions, "command">,
): string | null {
  const composition = compose(join(project.folder, "conf"), {
    ...{ overrides: overrides.filter(isTracking), command, shared: sharedGroups },
  });
  const { tracking = { uri: null } } = composition.values;
  const alone = { ...composition, values: { tracking } };
  return validate(alone, z.object({ tracking: commonConfig.shape.tracking })).tracking.uri;
}

export function optimizerSettings({ optimizer }: CommonConfig): OptimizerSettings {
  const { weight_decay: weightDecay } = optimizer;
  if (optimizer.name === "sgd") return sgd({ momentum: optimizer.momentum, weightDecay });
  const { betas, epsilon } = optimizer;
  return (optimizer.name === "adam" ? adam : adamw)({ betas, epsilon, weightDecay });
}

export function trainSettings({ seed, optimizer, training }: CommonConfig): TrainSettings {
  const { metric, goal, patience } = training.best;
  return {
    epochs: training.epochs,
    batchSize: training.batch_size,
    accumulate: training.accumulate,
    learningRate: optimizer.learning_rate,
    schedule: training.schedule,
    monitor: { metric, goal, ...(patience !== null && { patience }) },
    seed,
  };
}
