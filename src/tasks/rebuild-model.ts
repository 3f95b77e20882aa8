/** A model version back as a graph with its weights, to be compiled in another way. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadWeights } from "../nn/index.ts";
import type { ModelVersion } from "../tracking/index.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import type { FinishedModel, Splits } from "./task.ts";
import { TaskError } from "./task-error.ts";

interface RebuildOptions {
  /** Of the version's files. */
  readonly folder: string;
  /** Of the version's run. */
  readonly config: ProjectConfig;
  readonly splits: Splits<unknown>;
}

/** @throws {TaskError} when the version has no weights beside its program: it is a variant of another */
export async function rebuildModel(
  project: Project,
  { name, version, tags }: ModelVersion,
  { folder, config, splits }: RebuildOptions,
): Promise<FinishedModel> {
  const weightFiles = ["model.safetensors", "model.safetensors.index.json"];
  if (!weightFiles.some((file) => existsSync(join(folder, file)))) {
    const original = tags["havn.derived_from"];
    throw new TaskError(
      `version ${version} of ${name} has no float32 weights to make a variant from${original === undefined ? "" : `; it is a variant of version ${original}: take that`}`,
    );
  }
  const context = { folder: project.folder, seed: config.common.seed };
  const model = await project.task.model(config.task, context, splits.train.rows);
  const finished = model.finish(model.weights);
  const { weights, fresh } = await loadWeights(folder, finished.parameters, {
    base: "",
    random: () => 0,
    storedName: (parameter) => parameter,
  });
  if (fresh.length > 0) throw new TaskError(`version ${version} of ${name} lacks ${fresh.join(", ")}`);
  return { ...finished, weights };
}
