/** Smaller variants of a model version: judged against it on the validation split before they are registered. */
import { cp, mkdir, readdir } from "node:fs/promises";
import { pruneByMagnitude, type TensorSparsity } from "../nn/index.ts";
import type { Precision } from "../tensor/index.ts";
import type { ModelVersion, Store } from "../tracking/index.ts";
import { compareModels, type ModelComparison } from "./measure-model.ts";
import { filesIn, storeFolder, versionFiles, withTemporaryFolder, writeInference } from "./model-folder.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import { rebuildModel } from "./rebuild-model.ts";
import { registerFolder } from "./registration.ts";
import { TaskError } from "./task-error.ts";

export interface VariantSettings {
  readonly precision: Precision;
  /** Share of each tensor's elements that become zero, the smallest ones. */
  readonly sparsity: number;
}

/** A version, and where it comes from. */
export interface VersionContext {
  readonly store: Store;
  /** Of the version's run. */
  readonly config: ProjectConfig;
}

export interface ModelVariant extends VariantSettings, ModelComparison {
  readonly model: string;
  /** The version that it is made from. */
  readonly from: number;
  /** Zeros of each tensor, where it was pruned. */
  readonly pruned: readonly TensorSparsity[];
}

export interface QuantizedVersion extends ModelVariant {
  readonly maxDrop: number;
  /** The version that it became; missing where it was too bad. */
  readonly version?: number;
}

/**
 * Makes a variant of a version, measures both on the validation split with the files that would be served, and
 * registers the variant unless its metric is worse by more than `maxDrop`. It is not promoted.
 *
 * In int8 all inputs of a batch share the scale of the activations: an answer depends a little on its company.
 * @throws {TaskError} when the version is a variant itself, or the run's metric is none that evaluation gives
 */
export async function quantizeVersion(
  project: Project,
  version: ModelVersion,
  { maxDrop = 0.01, ...options }: VersionContext & VariantSettings & { readonly maxDrop?: number },
): Promise<QuantizedVersion> {
  const { store, precision, sparsity } = options;
  const name = folderOf(options);
  return withTemporaryFolder(async (folder) => {
    const { variant, runId } = await makeVariant(project, version, { ...options, folder });
    // NaN is no metric to be proud of.
    if (!(variant.drop <= maxDrop)) return { ...variant, maxDrop };
    await storeFolder(store.artifacts(runId), name, folder);
    const tags = {
      "havn.precision": precision,
      "havn.sparsity": String(sparsity),
      "havn.derived_from": String(version.version),
    };
    const registered = await registerFolder(project, { runId, folder: name }, store, tags);
    return { ...variant, maxDrop, version: registered.version };
  });
}

/**
 * Copies all files of a version into a folder; with settings those of a variant, which no version is made of.
 * @param to a folder that is empty or not there yet
 * @throws {TaskError} when there is something in the folder
 */
export async function exportVersion(
  project: Project,
  version: ModelVersion,
  { to, ...options }: VersionContext & Partial<VariantSettings> & { readonly to: string },
): Promise<ModelVariant & { readonly files: readonly string[] }> {
  if ((await readdir(to).catch(() => [])).length > 0)
    throw new TaskError(`${to} must be empty or not there yet`);
  await mkdir(to, { recursive: true });
  const { variant } = await makeVariant(project, version, { ...options, folder: to });
  return { ...variant, files: (await readdir(to)).sort() };
}

interface MakeOptions extends VersionContext, Partial<VariantSettings> {
  /** An empty folder. */
  readonly folder: string;
}

/** Writes the files of a variant (a plain copy where it is none) and compares it with its version. */
async function makeVariant(
  project: Project,
  version: ModelVersion,
  { store, config, folder, precision, sparsity = 0 }: MakeOptions,
): Promise<{ variant: ModelVariant; runId: string }> {
  const original = await versionFiles(version, store);
  const context = { folder: project.folder, seed: config.common.seed };
  const splits = await project.task.read(config.task, context);
  const task = await project.task.open(original.folder);
  let pruned: readonly TensorSparsity[] = [];
  if (precision === undefined && sparsity === 0) await cp(original.folder, folder, { recursive: true });
  else {
    const model = await rebuildModel(project, version, { folder: original.folder, config, splits });
    const { weights, report } = pruneByMagnitude(model.weights, sparsity);
    await writeInference(folder, { task, model: { ...model, weights }, origin: original.origin }, precision);
    if (sparsity > 0) pruned = report;
  }
  const compared = await compareModels(
    { original, variant: await filesIn(folder) },
    { project, task, rows: splits.validation.rows, training: config.common.training },
  );
  const made = { model: version.name, from: version.version, precision: precision ?? "float32", sparsity };
  return { variant: { ...made, ...compared, pruned }, runId: original.origin.runId };
}

/** Folder of a variant among the artifacts of the run that its model was trained in. */
function folderOf({ precision, sparsity }: VariantSettings): string {
  if (precision === "float32" && sparsity === 0)
    throw new TaskError(
      "a variant in float32 without sparsity is the model itself; choose another precision or a sparsity",
    );
  return `model-${precision}${sparsity > 0 ? `-sparsity-${sparsity}` : ""}`;
}
