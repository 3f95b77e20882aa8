/** Features of rows that a model is asked about here, and of predictions that a service has logged. */
import type { DriftRow } from "../monitoring/index.ts";
import { type ObjectStore, StorageError } from "../storage/index.ts";
import type { NdArrays } from "../tensor/index.ts";
import type { Json, Prediction } from "../tracking/index.ts";
import { evaluate } from "../train/index.ts";
import { type ModelFiles, openFiles } from "./model-folder.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import type { AnyTask } from "./task.ts";
import { loadingFrom } from "./task-module.ts";

/** Features of labelled rows with the answers of a model, in the order of the rows. */
export async function answeredFeatures(
  project: Project,
  files: ModelFiles,
  rows: readonly unknown[],
  { common }: Pick<ProjectConfig, "common">,
): Promise<DriftRow[]> {
  const { batch_size: batchSize, ...training } = common.training;
  const task = await project.task.open(files.folder);
  const answering = {
    ...task,
    outcomes: (_: NdArrays, outputs: NdArrays) => task.respond(outputs),
    measure: () => ({}),
  };
  const loading = loadingFrom(project, files.folder, training);
  const session = await openFiles(project, files);
  try {
    const { outcomes: answers } = await evaluate((inputs) => session.run(inputs), answering, rows, {
      ...{ batchSize, loading, split: "answered" },
    });
    const features: DriftRow[] = [];
    for (const [i, row] of rows.entries()) features.push(await task.features(row, answers[i]));
    return features;
  } finally {
    await session.close();
  }
}

export interface LoggedFeatures {
  readonly rows: readonly DriftRow[];
  /** Predictions whose input is a file that the log does not keep any more. */
  readonly withoutFiles: number;
}

/**
 * Features of logged predictions.
 * @param store where the log keeps the files of inputs
 */
export async function loggedFeatures(
  task: AnyTask,
  predictions: AsyncIterable<Prediction>,
  store: Pick<ObjectStore, "read">,
): Promise<LoggedFeatures> {
  const rows: DriftRow[] = [];
  let withoutFiles = 0;
  for await (const { input, answer } of predictions) {
    try {
      rows.push(await task.features(await withFiles(input, store), answer));
    } catch (error) {
      if (!(error instanceof StorageError && error.code === "not-found")) throw error;
      withoutFiles++;
    }
  }
  return { rows, withoutFiles };
}

/** A logged input with the bytes of its files, in whose place their names were logged. */
async function withFiles(value: Json, store: Pick<ObjectStore, "read">): Promise<unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const fields = value as Readonly<Record<string, Json>>;
  if (typeof fields.object === "string" && typeof fields.sizeBytes === "number")
    return store.read(fields.object);
  const entries = Object.entries(fields).map(async ([key, each]) => [key, await withFiles(each, store)]);
  return Object.fromEntries(await Promise.all(entries));
}
