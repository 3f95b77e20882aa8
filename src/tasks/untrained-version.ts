/** A version of a project's model with random weights: as fast as a trained one, for tests under load. */
import { setImmediate as immediate } from "node:timers/promises";
import { type JsonObject, type JsonValue, quote } from "../config/index.ts";
import type { Precision } from "../tensor/index.ts";
import type { ModelVersion, Store } from "../tracking/index.ts";
import { modelFolder, storeFolder, withTemporaryFolder, writeInference } from "./model-folder.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import { inferenceAlias } from "./promotion.ts";
import { registerRun } from "./registration.ts";

export interface UntrainedOptions {
  readonly config: ProjectConfig;
  readonly precision?: Precision | undefined;
  /** One that is thrown away afterwards: nobody should find such a version among those that were trained. */
  readonly store: Store;
  /** Ends it between two steps. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the model of a configuration, registers it and promotes it.
 * @throws the signal's reason where it was ended
 */
export async function untrainedVersion(
  project: Project,
  { config, precision, store, signal }: UntrainedOptions,
): Promise<ModelVersion> {
  const context = { folder: project.folder, seed: config.common.seed };
  const task = await project.task.create(config.task, context);
  const { train } = await project.task.read(config.task, context);
  signal?.throwIfAborted();
  const model = await project.task.model(config.task, context, train.rows);
  await immediate(); // a signal that came while the weights were drawn
  signal?.throwIfAborted();
  const { experimentId } = await store.ensureExperiment(project.name);
  const { runId } = await store.createRun({ experimentId, tags: { "havn.project": project.name } });
  const saved = {
    ...{ task, model: model.finish(model.weights) },
    origin: { project: project.name, runId },
  };
  await withTemporaryFolder(async (folder) => {
    await writeInference(folder, saved, precision);
    signal?.throwIfAborted();
    await storeFolder(store.artifacts(runId), modelFolder, folder);
  });
  const version = await registerRun(project, runId, store);
  await store.setAlias(project.name, inferenceAlias, version.version);
  return version;
}

/** Overrides that leave out what only a checkpoint brings; the section `model` says what stands in for it. */
export function withoutCheckpoint({ composition }: Pick<ProjectConfig, "composition">): string[] {
  const { model } = composition.values as { model?: JsonObject };
  return [
    "model.checkpoint=null",
    ...Object.entries(model?.random_weights ?? {}).flatMap(([key, value]) =>
      overridesOf(`model.${key}`, value),
    ),
  ];
}

/** Keys within keys one by one, so that those that are not named keep their values. */
const overridesOf = (key: string, value: JsonValue): string[] =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, inner]) => overridesOf(`${key}.${name}`, inner))
    : [`++${key}=${typeof value === "string" ? quote(value) : JSON.stringify(value)}`];
