/** The service of a project's promoted model version. */
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { type PredictionLog, type Service, type ServiceLimits, service } from "../serving/index.ts";
import { openInference } from "../tensor/index.ts";
import type { ModelVersion, Store } from "../tracking/index.ts";
import { versionFiles } from "./model-folder.ts";
import type { Project } from "./project.ts";
import { inferenceAlias } from "./registration.ts";
import { TaskError } from "./task-error.ts";

export interface ServingOptions {
  readonly store: Store;
  readonly predictions: PredictionLog;
  /** This version; the one with the alias `inference` unless given. */
  readonly version?: number | undefined;
  readonly limits?: ServiceLimits;
  readonly logger?: Logger;
  readonly processMetrics?: Registry;
}

/** The version of a project that is to be served; undefined where none is promoted. */
export const promotedVersion = (
  project: Pick<Project, "name">,
  store: Store,
): Promise<ModelVersion | undefined> => store.getVersionByAlias(project.name, inferenceAlias);

/** @throws {TaskError} when there is no such version */
export async function openService(project: Project, options: ServingOptions): Promise<Service> {
  const { store, version: wanted, ...rest } = options;
  const version =
    wanted === undefined
      ? await promotedVersion(project, store)
      : await store.getModelVersion(project.name, wanted);
  if (!version)
    throw new TaskError(`${project.name} has no model yet; train one with\n  npx havn run ${project.name}`);
  const { folder, program } = await versionFiles(version, store);
  const open = () => openInference(program);
  return service({
    project: project.name,
    title: project.page.title,
    servable: await project.task.open(folder),
    route: project.route,
    inputMetrics: project.metrics ?? [],
    model: { name: project.name, version: version.version, session: await open(), reopen: open },
    ...rest,
  });
}
