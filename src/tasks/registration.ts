/** Versions of a project's model: which runs they are of. */
import type { ModelVersion, SweepTracker, Tracker, Trial } from "../tracking/index.ts";
import { parseSweep } from "../train/index.ts";
import { type ArtifactFolder, modelFolder, versionSource } from "./model-folder.ts";
import type { Project } from "./project.ts";
import { bestTrial } from "./sweep-results.ts";
import { TaskError } from "./task-error.ts";

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

/** Registers the run of a sweep's best trial as the next version; one that is registered stays as it is. */
export async function linkSweep(
  sweepId: string,
  store: SweepTracker,
): Promise<{ readonly version: ModelVersion; readonly trial: Trial }> {
  const sweep = await store.getSweep(sweepId);
  const trial = bestTrial(parseSweep(sweep.definition), await store.listTrials(sweepId));
  if (trial?.runId === undefined) throw new TaskError(`no trial of sweep ${sweepId} has finished yet`);
  const version = await registerRun({ name: sweep.project }, trial.runId, store);
  const tags = { "havn.sweep": sweepId, "havn.sweep.trial": String(trial.number) };
  for (const [key, value] of Object.entries(tags))
    await store.setModelVersionTag(version.name, version.version, key, value);
  return { version: await store.getModelVersion(version.name, version.version), trial };
}
