/** Where a model version comes from: its run, data, code and configuration, and what happened to it since. */
import { parse } from "yaml";
import type { Dataset, ModelVersion, RegistryEvent, Run, SweepTracker, Tracker } from "../tracking/index.ts";

export interface VersionLineage {
  readonly version: ModelVersion;
  /** Missing for a version that no run of this store has made. */
  readonly run?: Pick<Run, "runId" | "name" | "status" | "startTime" | "endTime">;
  /** Final value of each metric. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What it was trained, validated and tested on, with the hash of the content. */
  readonly data: readonly Pick<Dataset, "name" | "digest" | "source" | "context">[];
  readonly code: {
    /** Missing where the run was not in a git repository. */
    readonly commit?: string;
    /** Whether files differed from the commit. */
    readonly isDirty?: boolean;
    readonly havnVersion?: string;
    readonly command?: string;
  };
  /** The whole configuration; undefined where the run has none. */
  readonly configuration: unknown;
  readonly sweep?: { readonly sweepId: string; readonly trial: number };
  /** The version that this one is a smaller variant of. */
  readonly derivedFrom?: number;
  /** Changes of aliases that concern it, newest first. */
  readonly history: readonly RegistryEvent[];
}

/** @throws {StoreError} `not-found` when there is no such version */
export async function versionLineage(
  name: string,
  number: number,
  store: SweepTracker,
): Promise<VersionLineage> {
  const version = await store.getModelVersion(name, number);
  const run = version.runId === undefined ? undefined : await store.getRun(version.runId);
  const tags = run?.tags ?? {};
  const sweepId = tags["havn.sweep"];
  const derivedFrom = version.tags["havn.derived_from"];
  return {
    version,
    ...(run && { run: summaryOf(run) }),
    metrics: Object.fromEntries(Object.values(run?.metrics ?? {}).map(({ key, value }) => [key, value])),
    data: (run?.datasets ?? []).map(({ name, digest, source, context }) => ({
      ...{ name, digest, source },
      ...(context !== undefined && { context }),
    })),
    code: codeOf(tags),
    configuration: run && (await configurationOf(run.runId, store)),
    ...(sweepId !== undefined && { sweep: { sweepId, trial: Number(tags["havn.sweep.trial"]) } }),
    ...(derivedFrom !== undefined && { derivedFrom: Number(derivedFrom) }),
    history: historyOf(await store.listRegistryEvents({ name }), number),
  };
}

/** The events that concern a version, among those of its model. */
export const historyOf = (events: readonly RegistryEvent[], version: number): RegistryEvent[] =>
  events.filter((event) => event.version === version || event.previousVersion === version);

function summaryOf({ runId, name, status, startTime, endTime }: Run): NonNullable<VersionLineage["run"]> {
  return { runId, name, status, startTime, ...(endTime !== undefined && { endTime }) };
}

function codeOf(tags: Readonly<Record<string, string>>): VersionLineage["code"] {
  const commit = tags["mlflow.source.git.commit"];
  const havnVersion = tags["havn.version"];
  const command = tags["mlflow.source.name"];
  return {
    ...(commit !== undefined && { commit, isDirty: tags["havn.git.dirty"] === "true" }),
    ...(havnVersion !== undefined && { havnVersion }),
    ...(command !== undefined && { command }),
  };
}

async function configurationOf(runId: string, store: Tracker): Promise<unknown> {
  const artifacts = store.artifacts(runId);
  if (!(await artifacts.stat("config.yaml"))) return undefined;
  return parse(new TextDecoder().decode(await artifacts.read("config.yaml")));
}
