/** Sweeps as projects write them (`conf/sweep/NAME.yaml`), and what they come to in the project's configuration. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Composition,
  ConfigError,
  type ConfigProblem,
  choicesOf,
  compose,
  quote,
  validate,
} from "../config/index.ts";
import type { Json, JsonRecord } from "../tracking/index.ts";
import {
  allValues,
  type Parameter,
  parseSweep,
  type SweepDefinition,
  sweepSchema,
  valueAt,
} from "../train/index.ts";
import type { Project } from "./project.ts";
import { type ProjectConfig, projectConfig } from "./project-config.ts";
import { TaskError } from "./task-error.ts";

export interface SweepFile {
  /** Name of the file, without `.yaml`. */
  readonly name: string;
  /** As it is kept: the words of the file, with the metric that they leave to the project. */
  readonly definition: JsonRecord;
  readonly parsed: SweepDefinition;
  /** Overrides of all trials, with absolute paths. */
  readonly overrides: readonly string[];
  /** Decides what is drawn: the project's seed. */
  readonly seed: number;
  /** The server that the configuration says its runs are logged to. */
  readonly trackingUri: string | null;
  /** Whether it has as many trials as there is time for. */
  readonly isEndless: boolean;
}

export interface SweepFileOptions {
  /** Name of the sweep; the only one of the project, or `default`, unless given. */
  readonly name?: string | undefined;
  readonly overrides: readonly string[];
  /** The command before the overrides, for messages. */
  readonly command: string;
  /** Where the overrides were typed. */
  readonly workingFolder: string;
  /** In place of the file's own. */
  readonly runCap?: number | undefined;
}

/**
 * Reads a sweep and tries its parameters on the project's configuration: nothing is trained before every key and the
 * ends of every range are known to fit.
 *
 * @throws {ConfigError} with the place of every wrong key
 * @throws {TaskError} when there is no such sweep; names those there are
 */
export function readSweepFile(project: Project, options: SweepFileOptions): SweepFile {
  const folder = join(project.folder, "conf", "sweep");
  const name = sweepName(project, options.name);
  const composition = composeSweep(folder, name);
  const words = validate(composition, sweepSchema);
  const base = configOf(project, options.overrides, options);
  const { metric, goal } = base.common.training.best;
  const definition = {
    metric: { name: metric, goal: goal === "maximise" ? "maximize" : "minimize" },
    ...words,
    ...(options.runCap !== undefined && { run_cap: options.runCap }),
  };
  const parsed = parseSweep(definition);
  const { overrides } = base.composition;
  tryParameters(project, parsed, { ...options, overrides, composition });
  const { seed, tracking } = base.common;
  return {
    ...{ name, definition: withoutUndefined(definition), parsed, overrides, seed },
    trackingUri: tracking.uri,
    isEndless:
      parsed.runCap === undefined &&
      [...parsed.parameters.values()].some((parameter) => allValues(parameter) === undefined),
  };
}

/**
 * The `command` of a sweep of W&B names W&B's own variables (`${program}`), which are nothing here; that the command
 * itself has no place here is what is wrong.
 */
function composeSweep(folder: string, name: string): Composition {
  try {
    return compose(folder, { primary: name });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isOfCommand = ({ path = "" }: ConfigProblem) => /^command(\.|$)/.test(path);
    const [first] = error.problems.filter(isOfCommand);
    if (!first) throw error;
    const others = error.problems.filter((problem) => !isOfCommand(problem));
    const message =
      "command must be left out: what is trained here is the project that the sweep lies in, with the parameters as its configuration";
    throw new ConfigError([{ ...first, path: "command", message }, ...others]);
  }
}

function sweepName({ name: project, folder }: Project, wanted: string | undefined): string {
  const known = existsSync(join(folder, "conf", "sweep")) ? choicesOf(join(folder, "conf"), "sweep") : [];
  if (known.length === 0)
    throw new TaskError(
      `${project} has no sweep yet; write one to ${join(folder, "conf", "sweep", "default.yaml")} (see docs/sweeps.md)`,
    );
  const name = wanted ?? (known.length === 1 ? known[0]! : "default");
  if (known.includes(name)) return name;
  throw new TaskError(`--sweep must be one of ${known.join(", ")}, got ${name}`);
}

const configOf = (
  project: Project,
  overrides: readonly string[],
  { command, workingFolder }: Pick<SweepFileOptions, "command" | "workingFolder">,
): ProjectConfig => projectConfig(project, overrides, { command, workingFolder });

type Trying = Pick<SweepFileOptions, "overrides" | "command" | "workingFolder"> & {
  readonly composition: Composition;
};

/** Each parameter at all of its values, or at the ends of its range, while the others stand at their first. */
function tryParameters(project: Project, { parameters }: SweepDefinition, trying: Trying): void {
  const first = Object.fromEntries([...parameters].map(([key, parameter]) => [key, someOf(parameter)[0]!]));
  for (const [key, parameter] of parameters)
    for (const value of someOf(parameter)) {
      const overrides = [...trying.overrides, ...overridesOf({ ...first, [key]: value })];
      try {
        configOf(project, overrides, trying);
      } catch (error) {
        throw error instanceof ConfigError ? placed(error, trying.composition) : error;
      }
    }
}

function someOf(parameter: Parameter): readonly Json[] {
  const values = allValues(parameter);
  return values && values.length <= 20 ? values : [valueAt(parameter, 0.001), valueAt(parameter, 0.999)];
}

/** What is wrong with the override of a parameter is wrong where the sweep's file says it. */
function placed({ problems }: ConfigError, sweep: Composition): ConfigError {
  return new ConfigError(
    problems.map((problem) => {
      const key = /^override ([^=]+)=/.exec(problem.place ?? "")?.[1] ?? problem.path;
      const place = key === undefined ? undefined : placeOf(key.split("."), sweep);
      if (place === undefined) return problem;
      const near = problem.nearest?.replace(/=.*/, "");
      const isUnknown = problem.code === "unknown-key" && near !== undefined;
      const message = isUnknown ? `${key} is unknown; did you mean ${near}?` : problem.message;
      return { ...problem, place, message };
    }),
  );
}

/** A parameter may be written as one dotted key, or nested. */
function placeOf(
  keys: readonly string[],
  sweep: Composition,
  path: readonly string[] = [],
): string | undefined {
  for (let length = keys.length; length > 0; length--) {
    const here = [...path, "parameters", keys.slice(0, length).join(".")];
    const rest = keys.slice(length);
    const place = rest.length === 0 ? sweep.sourceOf(here) : placeOf(rest, sweep, here);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** The overrides that give a trial its parameters. */
export const overridesOf = (parameters: JsonRecord): string[] =>
  Object.entries(parameters).map(([key, value]) => `${key}=${inGrammar(value)}`);

/** A value as Hydra's grammar reads it; plain words stay plain, since they may choose from a group. */
function inGrammar(value: Json): string {
  if (typeof value === "string") return isPlain(value) ? value : quote(value);
  if (Array.isArray(value)) return `[${value.map(inGrammar).join(",")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${isPlain(key) ? key : quote(key)}:${inGrammar(inner)}`)
    .join(",")}}`;
}

const isPlain = (text: string): boolean =>
  /^[A-Za-z_][\w./-]*$/.test(text) && !/^(true|false|null|nan|inf|yes|no|on|off)$/i.test(text);

/** A configuration has no undefined values, a parsed one has. */
const withoutUndefined = (value: object): JsonRecord => JSON.parse(JSON.stringify(value));
