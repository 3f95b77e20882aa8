/** The files of a model version: one folder that holds all a service needs. */

import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { savePretrained, storedTensors } from "../nn/index.ts";
import type { ObjectStore } from "../storage/index.ts";
import { compile, openInference, type Precision, type RuntimeOptions } from "../tensor/index.ts";
import type { ModelVersion, Tracker } from "../tracking/index.ts";
import type { Project } from "./project.ts";
import type { AnyTask, FinishedModel, OpenModel } from "./task.ts";
import { TaskError } from "./task-error.ts";

/** Folder of the model among the artifacts of its run. */
export const modelFolder = "model";
/** The inference program with its weights, where one is enough. */
const programFile = "model.onnx";
/** What goes into the program and what comes out, and the files that say how inputs are prepared. */
export const descriptionFile = "inference.json";
/** Says where the model comes from. */
const originFile = "havn.json";

const originSchema = z.object({ format: z.literal(1), project: z.string(), runId: z.string() });

export type ModelOrigin = Omit<z.output<typeof originSchema>, "format">;

export interface SavedModel {
  readonly task: AnyTask;
  readonly model: FinishedModel;
  readonly origin: ModelOrigin;
}

/**
 * Writes a model as artifacts: the ONNX program and its description, the weights and configuration as Hugging Face
 * keeps them, the tokenizer, and where it all came from.
 */
export const saveModel = (artifacts: ObjectStore, saved: SavedModel): Promise<void> =>
  withTemporaryFolder(async (folder) => {
    await writeInference(folder, saved);
    const { config, parameters, weights } = saved.model;
    await savePretrained(folder, config, storedTensors(parameters, weights));
    await storeFolder(artifacts, modelFolder, folder);
  });

/** Writes what inference needs: the program with its weights (or several), how inputs are prepared, where it came from. */
export async function writeInference(
  folder: string,
  { task, model, origin }: SavedModel,
  precision: Precision = "float32",
): Promise<void> {
  await task.save(folder);
  const preparation = (await readdir(folder)).sort();
  const described = { name: origin.project, precision };
  const compiled = model.programs?.(model.weights, described) ?? {
    [programFile]: compile(model.forward().outputs, { ...described, ...model }),
  };
  const programs: object[] = [];
  for (const [file, { bytes, inputs, outputs }] of Object.entries(compiled)) {
    await writeFile(join(folder, file), bytes);
    programs.push({ file, precision, inputs, outputs });
  }
  const description = programs.length === 1 ? { program: programs[0] } : { programs };
  await writeJson(join(folder, descriptionFile), { format: 1, ...description, preparation });
  await writeJson(join(folder, originFile), { format: 1, ...origin });
}

const writeJson = (file: string, data: unknown) => writeFile(file, `${JSON.stringify(data, null, 2)}\n`);

/** A folder for the time of the work. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "havn-model-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts all files of a folder among the artifacts. */
export async function storeFolder(artifacts: ObjectStore, name: string, folder: string): Promise<void> {
  for (const file of await readdir(folder))
    await artifacts.put(`${name}/${file}`, createReadStream(join(folder, file)));
}

export interface ModelFiles {
  readonly folder: string;
  /** The only program; where a model has several, its task opens the folder. */
  readonly program: string;
  readonly origin: ModelOrigin;
}

/**
 * The model among a run's artifacts as files of this machine.
 * @param folder of the artifacts: that of the trained model unless given
 * @throws {TaskError} when the run has no model
 */
export async function modelFiles(artifacts: ObjectStore, folder = modelFolder): Promise<ModelFiles> {
  const name = `${folder}/${originFile}`;
  if (!(await artifacts.stat(name)) || !artifacts.localPath)
    throw new TaskError(`the run has no model; it ends up in its artifacts when training is finished`);
  const path = await artifacts.localPath(name);
  // In a bucket each file has to be fetched; in a folder they lie there already.
  for (const object of await artifacts.list(`${folder}/`)) await artifacts.localPath(object.name);
  return filesIn(dirname(path));
}

/** The files of a folder that `saveModel` or `writeInference` wrote. */
export async function filesIn(folder: string): Promise<ModelFiles> {
  const origin = originSchema.parse(JSON.parse(await readFile(join(folder, originFile), "utf8")));
  return { folder, program: join(folder, programFile), origin };
}

/** Opens a model as it will be served. */
export const openFiles = (
  { task }: Pick<Project, "task">,
  { folder, program }: Pick<ModelFiles, "folder" | "program">,
  options: RuntimeOptions = {},
): Promise<OpenModel> => task.openModel?.(folder, options) ?? openInference(program, options);

/** How large the programs of a model are. */
export async function programBytes({ folder }: Pick<ModelFiles, "folder">): Promise<number> {
  const programs = (await readdir(folder)).filter((file) => file.endsWith(".onnx"));
  const sizes = await Promise.all(programs.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A folder among the artifacts of a run. */
export interface ArtifactFolder {
  readonly runId: string;
  readonly folder: string;
}

/** Where a version's files lie: folder `folder` of the artifacts of its run. */
export const versionSource = (runId: string, folder: string): string => `runs:/${runId}/${folder}`;

/**
 * The folder of a version's files among the artifacts of its run.
 * @throws {TaskError} when the version is of no run of Havn
 */
export function versionFolder({ name, version, source, runId }: ModelVersion): ArtifactFolder {
  const start = runId !== undefined && versionSource(runId, "");
  if (!start || !source.startsWith(start))
    throw new TaskError(
      `version ${version} of ${name} must lie among the artifacts of its run (runs:/RUN/FOLDER), it is ${source}`,
    );
  return { runId, folder: source.slice(start.length) };
}

/** The files of a model version. @throws {TaskError} when there are none */
export function versionFiles(version: ModelVersion, store: Tracker): Promise<ModelFiles> {
  const { runId, folder } = versionFolder(version);
  return modelFiles(store.artifacts(runId), folder);
}
