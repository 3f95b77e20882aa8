/** The runs of `--multirun` as a sweep, so that they can be compared like one. */
import { parse } from "yaml";
import type { Json, JsonRecord, SweepTracker } from "../tracking/index.ts";
import { parseSweep } from "../train/index.ts";
import { type TrialHooks, type TrialOutcome, workOnTrial } from "./sweep-agent.ts";

export interface MultirunOptions {
  readonly store: SweepTracker;
  readonly project: string;
  /** The overrides of each run, as `expandSweeps` makes them. */
  readonly combinations: readonly (readonly string[])[];
  /** What the runs are compared by. */
  readonly metric: { readonly name: string; readonly goal: "minimize" | "maximize" };
  readonly seed: number;
  /** Who runs them. */
  readonly agent: string;
  readonly signal: AbortSignal;
}

/** Trains one of the combinations; hooks and tags belong to its trial. */
export type RunCombination = (
  overrides: readonly string[],
  trial: Pick<TrialHooks, "onRun"> & { readonly tags: Readonly<Record<string, string>> },
) => Promise<"finished" | "interrupted">;

/**
 * Runs all combinations in their order as the trials of a grid. An error ends them, as it would without a sweep.
 * @returns the sweep
 */
export async function runMultirun(
  run: RunCombination,
  { store, project, combinations, metric, seed, agent, signal }: MultirunOptions,
): Promise<string> {
  const parameters = combinations.map((overrides) => parametersOf(overrides, combinations));
  const words = { method: "grid", metric, parameters: valuesOf(parameters) };
  const shared = combinations[0]!.filter((override) => !(keyOf(override) in words.parameters));
  const sweep = await store.createSweep({
    ...{ project, name: "multirun", definition: words, overrides: shared, seed },
  });
  const { sweepId } = sweep;
  for (const [index, overrides] of combinations.entries()) {
    if (signal.aborted) return sweepId;
    const proposal = { number: index + 1, parameters: parameters[index]! };
    const trial = await store.claimTrial(sweepId, { agent, leaseMs, proposal });
    if (!trial) return sweepId;
    let failure: unknown;
    let status = "failed" as TrialOutcome["status"];
    await workOnTrial(trial, sweep, parseSweep(words), {
      ...{ store, sweepId, agent, signal, leaseMs },
      async runTrial(_, __, { onRun }): Promise<TrialOutcome> {
        const tags = { "havn.sweep": sweepId, "havn.sweep.trial": String(trial.number) };
        let runId = "";
        const noteRun = (id: string) => {
          runId = id;
          onRun(id);
        };
        try {
          status = await run(overrides, { tags, onRun: noteRun });
          return status === "finished" ? { status, runId } : { status: "interrupted" };
        } catch (error) {
          failure = error;
          return { status: "failed", error: error instanceof Error ? error.message : String(error) };
        }
      },
    });
    if (failure !== undefined) {
      await store.setSweepStatus(sweepId, "STOPPED");
      throw failure;
    }
    if (status === "interrupted") return sweepId;
  }
  await store.setSweepStatus(sweepId, "FINISHED");
  return sweepId;
}

const leaseMs = 60_000;

const keyOf = (override: string): string => override.split("=")[0] ?? "";

/** What differs between the combinations, without the marks of the override grammar. */
function parametersOf(overrides: readonly string[], all: readonly (readonly string[])[]): JsonRecord {
  const varying = overrides.filter((override) => all.some((other) => !other.includes(override)));
  return Object.fromEntries(
    varying.map((override) => [keyOf(override), valueIn(override.slice(keyOf(override).length + 1))]),
  );
}

/** Numbers, lists and the like as YAML reads them; what it cannot read is text. */
function valueIn(text: string): Json {
  try {
    return parse(text) as Json;
  } catch {
    return text;
  }
}

/** Of each key its values, each once, in the order in which they come. */
function valuesOf(trials: readonly JsonRecord[]): Record<string, { values: Json[] }> {
  const keys = Object.keys(trials[0] ?? {});
  return Object.fromEntries(
    keys.map((key) => {
      const texts = new Set(trials.map((trial) => JSON.stringify(trial[key])));
      return [key, { values: [...texts].map((text) => JSON.parse(text) as Json) }];
    }),
  );
}
