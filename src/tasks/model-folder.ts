/** The files of a model version: one folder that holds all a service needs. */

import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { savePretrained } from "../nn/index.ts";
import type { ObjectStore } from "../storage/index.ts";
import { compile } from "../tensor/index.ts";
import type { AnyTask, FinishedModel } from "./task.ts";
import { TaskError } from "./task-error.ts";

/** Folder of the model among the artifacts of its run. */
export const modelFolder = "model";
/** The inference program with its weights. */
const programFile = "model.onnx";
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
 * Writes a model as artifacts: the ONNX program, the weights and configuration as Hugging Face keeps them, the
 * tokenizer, and where it all came from.
 */
export async function saveModel(artifacts: ObjectStore, { task, model, origin }: SavedModel): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "havn-model-"));
  try {
    const program = compile(model.forward().outputs, {
      parameters: model.parameters,
      weights: model.weights,
      name: origin.project,
    });
    await writeFile(join(folder, programFile), program.bytes);
    await savePretrained(folder, model.config, model.weights);
    await task.save(folder);
    await writeFile(join(folder, originFile), `${JSON.stringify({ format: 1, ...origin }, null, 2)}\n`);
    for (const file of await readdir(folder))
      await artifacts.put(`${modelFolder}/${file}`, createReadStream(join(folder, file)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface ModelFiles {
  readonly folder: string;
  readonly program: string;
  readonly origin: ModelOrigin;
}

/**
 * The model among a run's artifacts as files of this machine.
 * @throws {TaskError} when the run has no model
 */
export async function modelFiles(artifacts: ObjectStore): Promise<ModelFiles> {
  const name = `${modelFolder}/${originFile}`;
  if (!(await artifacts.stat(name)) || !artifacts.localPath)
    throw new TaskError(`the run has no model; it ends up in its artifacts when training is finished`);
  const path = await artifacts.localPath(name);
  const origin = originSchema.parse(JSON.parse(await readFile(path, "utf8")));
  const folder = dirname(path);
  return { folder, program: join(folder, programFile), origin };
}
