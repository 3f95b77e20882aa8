/** What a worker thread imports to prepare as the task of a project does: training and serving name it as their source. */
import { z } from "zod";
import type { LoadingOptions, PreparationSource } from "../data/index.ts";
import { loadProject, type Project } from "./project.ts";
import type { CommonConfig } from "./project-config.ts";
import type { AnyTask } from "./task.ts";

const optionsSchema = z.strictObject({
  /** Folder of the `project.ts`. */
  project: z.string(),
  /** Folder that `Task.save` wrote. */
  task: z.string(),
});

/** Opens a saved task; called in the worker with the options of `taskSource`. */
export async function open(options: unknown): Promise<AnyTask> {
  const folders = optionsSchema.parse(options);
  const project = await loadProject(folders.project);
  return project.task.open(folders.task);
}

/** @param task the folder that `Task.save` wrote; it must stay for as long as threads may open it */
export const taskSource = ({ folder }: Pick<Project, "folder">, task: string): PreparationSource => ({
  module: import.meta.url,
  options: { project: folder, task },
});

/** How the rows of a project are loaded, with the task that is saved in this folder. */
export const loadingFrom = (
  project: Pick<Project, "folder">,
  task: string,
  { workers }: Pick<CommonConfig["training"], "workers">,
): LoadingOptions => ({ source: taskSource(project, task), workers: workers ?? undefined });
