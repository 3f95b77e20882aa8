/** Model versions of a project, opened to be served. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { z } from "zod";
import {
  type ModelTensors,
  openServedModel,
  type PredictionLog,
  type ServedModel,
  type Service,
  type ServiceHistory,
  type ServingLimits,
  service,
} from "../serving/index.ts";
import type { ModelVersion, Store, Tracker } from "../tracking/index.ts";
import { descriptionFile, versionFiles } from "./model-folder.ts";
import type { Project } from "./project.ts";
import { inferenceAlias } from "./promotion.ts";
import { servableSource } from "./serving-module.ts";
import { TaskError } from "./task-error.ts";

/** The version of a project that is to be served; undefined where none is promoted. */
export const promotedVersion = (
  project: Pick<Project, "name">,
  store: Tracker,
): Promise<ModelVersion | undefined> => store.getVersionByAlias(project.name, inferenceAlias);

/** Which version answers, and how. */
export interface VersionOptions {
  readonly store: Store;
  /** This version; the one with the alias `inference` unless given. */
  readonly version?: number | undefined;
  readonly limits?: ServingLimits | undefined;
  readonly logger?: Logger;
}

/**
 * Opens a version with its workers, warm.
 * @throws {TaskError} when there is no such version
 */
export async function openVersion(project: Project, options: VersionOptions): Promise<ServedModel> {
  const { store, version: wanted, ...rest } = options;
  const version =
    wanted === undefined
      ? await promotedVersion(project, store)
      : await store.getModelVersion(project.name, wanted);
  if (!version)
    throw new TaskError(`${project.name} has no model yet; train one with\n  npx havn run ${project.name}`);
  const files = await versionFiles(version, store);
  const { route } = project;
  return openServedModel({
    name: project.name,
    version: version.version,
    source: servableSource(project, files),
    tensors: project.task.openModel ? undefined : await programTensors(files.folder),
    example: route.toInput(route.example),
    ...rest,
  });
}

export interface ServingOptions extends VersionOptions {
  readonly predictions: PredictionLog;
  readonly history?: ServiceHistory;
  readonly ratePerSecond?: number | undefined;
  readonly processMetrics?: Registry;
}

/**
 * The service of a project, with a version to begin with.
 * @throws {TaskError} when there is no such version
 */
export async function openService(
  project: Project,
  { predictions, history, ratePerSecond, processMetrics, ...options }: ServingOptions,
): Promise<Service> {
  const { logger } = options;
  return service({
    project: project.name,
    title: project.page.title,
    route: project.route,
    inputMetrics: project.metrics ?? [],
    model: await openVersion(project, options),
    ...{ predictions, ratePerSecond },
    ...(history && { history }),
    ...(logger && { logger }),
    ...(processMetrics && { processMetrics }),
  });
}

const tensor = z.object({
  name: z.string(),
  dtype: z.string(),
  shape: z.array(z.union([z.number(), z.string()])),
});
const description = z.object({
  program: z.object({ inputs: z.array(tensor), outputs: z.array(tensor) }).optional(),
});

/** What the version's program takes and gives; undefined where an answer takes several programs. */
async function programTensors(folder: string): Promise<ModelTensors | undefined> {
  return description.parse(JSON.parse(await readFile(join(folder, descriptionFile), "utf8"))).program;
}
