/** A model on disk that a person names: a model folder, a checkpoint of a run, or the newest of several in a folder. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readCheckpoint } from "../train/index.ts";
import { filesIn, type ModelFiles, writeInference } from "./model-folder.ts";
import { groupsOf } from "./prepare-training.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import { TaskError } from "./task-error.ts";

export interface FoundModel {
  readonly kind: "model" | "checkpoint";
  readonly folder: string;
  /** The run whose checkpoint it is, by the name of the folder around it. */
  readonly runId?: string;
}

/** A folder that `havn models export` wrote or that lies among artifacts. */
const isModel = (folder: string): boolean => existsSync(join(folder, "havn.json"));
/** A folder that training wrote. */
const isCheckpoint = (folder: string): boolean =>
  existsSync(join(folder, "progress.json")) && existsSync(join(folder, "state.safetensors"));

/**
 * Finds what a path names: a folder itself, or the newest in it.
 * @param isWanted which of several in a folder are looked at first, such as those of one project
 * @throws {TaskError} when there is nothing, with what was looked for
 */
export async function findModel(
  path: string,
  isWanted: (model: FoundModel) => Promise<boolean> = async () => true,
): Promise<FoundModel> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new TaskError(`${path}: there is no such folder`);
  if (!found.isDirectory())
    throw new TaskError(`${path} must be a folder, got a file: give ${dirname(path)}`);
  const named = modelAt(path);
  if (named) return named;
  const candidates: { readonly model: FoundModel; readonly time: number }[] = [];
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !["havn.json", "progress.json"].includes(entry.name)) continue;
    const model = modelAt(entry.parentPath);
    if (model) candidates.push({ model, time: (await stat(join(entry.parentPath, entry.name))).mtimeMs });
  }
  const newestFirst = candidates
    .sort((a, b) => b.time - a.time || compare(b.model.folder, a.model.folder))
    .map(({ model }) => model);
  for (const model of newestFirst) if (await isWanted(model)) return model;
  if (newestFirst[0]) return newestFirst[0];
  const inside = (await readdir(path)).slice(0, 5).join(", ") || "nothing";
  throw new TaskError(
    `${path} holds no model (havn.json, as \`havn models export\` writes it) and no checkpoint of a run (progress.json and state.safetensors), neither itself nor in its folders; there is ${inside}`,
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : 1);

function modelAt(folder: string): FoundModel | undefined {
  if (isModel(folder)) return { kind: "model", folder };
  if (isCheckpoint(folder)) return { kind: "checkpoint", folder, runId: basename(dirname(folder)) };
  return undefined;
}

/**
 * The files of a found model; those of a checkpoint are made in `workFolder`.
 * @throws {TaskError} when the model is of another project; {CheckpointError} when the checkpoint is damaged or not
 *   that of the configured model
 */
export async function foundFiles(
  project: Project,
  { kind, folder, runId = "" }: FoundModel,
  { config, workFolder }: { readonly config: ProjectConfig; readonly workFolder: string },
): Promise<ModelFiles> {
  if (kind === "model") {
    const files = await filesIn(folder);
    if (files.origin.project === project.name) return files;
    throw new TaskError(`${folder} holds a model of ${files.origin.project}, not of ${project.name}`);
  }
  const { state } = await readCheckpoint(folder);
  const context = { folder: project.folder, seed: config.common.seed };
  const task = await project.task.create(config.task, context);
  const { train } = await project.task.read(config.task, context);
  const model = await project.task.model(config.task, context, train.rows);
  // Features that never change are computed once, and are no part of what is trained.
  const { frozen } = groupsOf(model, config.common);
  const missing = [...model.parameters.keys()].filter(
    (name) => !state.parameters.has(name) && !frozen.has(name),
  );
  if (missing.length > 0)
    throw new TaskError(
      `${folder} is a checkpoint of another model than the configuration's: it lacks ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}; say which with model=NAME`,
    );
  await writeInference(workFolder, {
    task,
    model: model.finish(state.parameters),
    origin: { project: project.name, runId },
  });
  return filesIn(workFolder);
}
