/** What it takes to run a run again, and whether it came out the same. */
import { z } from "zod";
import {
  type Dataset,
  type Environment,
  environmentTags,
  type Metric,
  type Run,
  type Tracker,
} from "../tracking/index.ts";
import { processesTag } from "./run-process.ts";
import { TaskError } from "./task-error.ts";

/** What a run says of its own making. */
export interface Recipe {
  readonly runId: string;
  readonly project: string;
  /** With absolute paths. */
  readonly overrides: readonly string[];
  /** `run` where the run was evaluated on the test split too. */
  readonly verb: "train" | "run";
  /** How many trained it together. */
  readonly processes: number;
  /** Missing where it was in no git repository. */
  readonly commit?: string;
  /** Whether files differed from the commit. */
  readonly isDirty: boolean;
}

/** @throws {TaskError} for a run that has not finished, or that Havn has not made */
export async function recipeOf(
  { runId, status, tags, params, metrics }: Run,
  store: Tracker,
): Promise<Recipe> {
  const project = tags["havn.project"];
  if (project === undefined)
    throw new TaskError(
      `run ${runId} was not made by a project of Havn, so nobody knows how to make it again`,
    );
  if (status !== "FINISHED")
    throw new TaskError(
      `run ${runId} is ${status.toLowerCase()}; only a finished run can be compared with another`,
    );
  const text = new TextDecoder().decode(await store.artifacts(runId).read("overrides.json"));
  const overrides = z.array(z.string()).parse(JSON.parse(text));
  const isRemote = (params["tracking.uri"] ?? "null") !== "null";
  const commit = tags["mlflow.source.git.commit"];
  return {
    ...{ runId, project },
    // What is made again is compared here, and logged nowhere.
    overrides: isRemote ? [...overrides, "tracking.uri=null"] : overrides,
    verb: Object.keys(metrics).some((key) => key.startsWith("test_")) ? "run" : "train",
    processes: Number(tags[processesTag] ?? 1),
    ...(commit !== undefined && { commit }),
    isDirty: tags["havn.git.dirty"] === "true",
  };
}

/** Something that is another here than where the run was made. */
export interface PlaceDifference {
  readonly what: string;
  readonly original: string;
  readonly now: string;
}

const placeTags: Readonly<Record<string, string>> = {
  "havn.version": "Havn",
  "havn.lockfile.sha256": "package-lock.json",
  "havn.node": "Node",
  "havn.platform": "platform",
  "havn.cpu": "processor",
};

/** Machine and versions: they may change the last digits of a number. */
export function placeDifferences({ tags }: Pick<Run, "tags">, here: Environment): PlaceDifference[] {
  const now = environmentTags(here);
  return Object.entries(placeTags).flatMap(([tag, what]) => {
    const [a, b] = [tags[tag] ?? "unknown", now[tag] ?? "unknown"];
    return a === b ? [] : [{ what, original: a, now: b }];
  });
}

/**
 * Makes sure that both runs have seen the same data.
 * @throws {TaskError} with both hashes of what differs
 */
export function requireSameData(then: readonly Dataset[], now: readonly Dataset[]): void {
  const differences = then.flatMap(({ context = "", digest, source }) => {
    const other = now.find((dataset) => (dataset.context ?? "") === context);
    return other && other.digest !== digest
      ? [`  ${context} (${source}): ${digest} then, ${other.digest} now (${other.source})`]
      : [];
  });
  if (differences.length === 0) return;
  throw new TaskError(
    `the data is not what the run was made with:\n${differences.join("\n")}\nBring back the data of then (havn data checkout, or the files of that time); other data gives another model.`,
  );
}

export interface MetricComparison {
  readonly key: string;
  /** How many values were compared. */
  readonly values: number;
  readonly isSame: boolean;
  /** Where the two differ first; a value that one of them does not have is missing. */
  readonly first?: { readonly step: number; readonly original?: number; readonly now?: number };
  /** Largest difference, relative to the larger of the two. */
  readonly largest?: number;
}

/** Says how fast a machine is, not what a model has learned: `examples_per_second`, `data_wait_seconds`. */
const isSpeed = (key: string): boolean => /_per_second$|_(milli)?seconds$/.test(key);

/** Compares all values of all metrics; those of variants and of other data (`NAME/...`) are not made again. */
export async function compareMetrics(
  then: { readonly run: Run; readonly store: Tracker },
  now: { readonly run: Run; readonly store: Tracker },
): Promise<MetricComparison[]> {
  const keys = Object.keys(then.run.metrics).filter((key) => !isSpeed(key) && !key.includes("/"));
  return Promise.all(
    keys.sort().map(async (key) => {
      const [a, b] = await Promise.all(
        [then, now].map(({ run, store }) => store.metricHistory(run.runId, key)),
      );
      return compareHistories(key, a!, b!);
    }),
  );
}

/** A step that a resumed run measured twice counts with its last value. */
const byStep = (history: readonly Metric[]): Map<number, number> =>
  new Map(history.map(({ step, value }) => [step, value]));

export function compareHistories(
  key: string,
  then: readonly Metric[],
  now: readonly Metric[],
): MetricComparison {
  const [a, b] = [byStep(then), byStep(now)];
  const steps = [...new Set([...a.keys(), ...b.keys()])].sort((one, other) => one - other);
  const different = steps.filter((step) => !Object.is(a.get(step), b.get(step)));
  const [first] = different;
  if (first === undefined) return { key, values: steps.length, isSame: true };
  const [x, y] = [a.get(first), b.get(first)];
  const distances = different.map((step) => relative(a.get(step), b.get(step)));
  return {
    ...{ key, values: steps.length, isSame: false },
    first: { step: first, ...(x !== undefined && { original: x }), ...(y !== undefined && { now: y }) },
    largest: Math.max(...distances),
  };
}

function relative(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return Number.POSITIVE_INFINITY;
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}
