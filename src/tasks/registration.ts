/** Versions of a project's model, and which of them is served. */
import type { ModelVersion, Tracker } from "../tracking/index.ts";
import { type ArtifactFolder, modelFolder, versionSource } from "./model-folder.ts";
import type { Project } from "./project.ts";
import { TaskError } from "./task-error.ts";
import { bestOf } from "./training-run.ts";

/** The exclusive alias of the version that is served. */
export const inferenceAlias = "inference";

/** Registers a finished run as the next version of its project's model; a run that is registered stays as it is. */
export async function registerRun(
  project: Pick<Project, "name">,
  runId: string,
  store: Tracker,
): Promise<ModelVersion> {
  return registerFolder(project, { runId, folder: modelFolder }, store);
}

/** Registers a folder among a run's artifacts as the next version; one that is registered stays as it is. */
export async function registerFolder(
  { name }: Pick<Project, "name">,
  { runId, folder }: ArtifactFolder,
  store: Tracker,
  tags: Record<string, string> = {},
): Promise<ModelVersion> {
  await store.ensureRegisteredModel(name);
  const source = versionSource(runId, folder);
  const known = (await store.listModelVersions(name)).find((version) => version.source === source);
  return known ?? store.createModelVersion({ name, source, runId, tags });
}

/** The metric that versions compete in. */
export interface Criterion {
  readonly metric: string;
  readonly goal: "maximise" | "minimise";
}

export interface Promotion {
  readonly promoted: boolean;
  readonly value: number;
  /** The version that held the alias before, and its value. */
  readonly incumbent?: { readonly version: number; readonly value: number };
}

/**
 * Gives a version the alias `inference` when it is better than the one that holds it.
 * @throws {TaskError} when the version's run never measured the metric
 */
export async function promoteIfBetter(
  candidate: ModelVersion,
  criterion: Criterion,
  store: Tracker,
): Promise<Promotion> {
  const value = await bestValue(candidate, criterion, store);
  if (value === undefined)
    throw new TaskError(
      `version ${candidate.version} of ${candidate.name} has no ${bestOf(criterion.metric)}`,
    );
  const holder = await store.getVersionByAlias(candidate.name, inferenceAlias);
  if (holder?.version === candidate.version) return { promoted: false, value };
  const held = holder && (await bestValue(holder, criterion, store));
  const isBetter = held === undefined || (criterion.goal === "maximise" ? value > held : value < held);
  if (isBetter) await store.setAlias(candidate.name, inferenceAlias, candidate.version);
  return {
    promoted: isBetter,
    value,
    ...(holder && { incumbent: { version: holder.version, value: held ?? Number.NaN } }),
  };
}

async function bestValue(
  { runId }: ModelVersion,
  { metric }: Criterion,
  store: Tracker,
): Promise<number | undefined> {
  const value = runId === undefined ? undefined : (await store.getRun(runId)).metrics[bestOf(metric)]?.value;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
