/** What a worker thread of a service imports to open the task of a project and a model version. */
import { z } from "zod";
import type { OpenedServable, ServableSource } from "../serving/index.ts";
import { openLocalInference } from "../tensor/index.ts";
import { loadProject, type Project } from "./project.ts";

const optionsSchema = z.strictObject({
  /** Folder of the `project.ts`. */
  project: z.string(),
  /** Folder of the model version. */
  model: z.string(),
  /** Its inference program. */
  program: z.string(),
});

/** Called in the thread with the options of `servableSource`. */
export async function openServable(
  options: unknown,
  resources: { readonly threads: number },
): Promise<OpenedServable<unknown, unknown, unknown>> {
  const files = optionsSchema.parse(options);
  const { task: kind } = await loadProject(files.project);
  const [servable, model] = await Promise.all([
    kind.open(files.model),
    kind.openModel
      ? kind.openModel(files.model, { ...resources, thread: "callers" })
      : openLocalInference(files.program, resources),
  ]);
  return { servable, model };
}

/** @param files of the model version; they must stay for as long as the service may open further threads */
export const servableSource = (
  { folder }: Pick<Project, "folder">,
  files: { readonly folder: string; readonly program: string },
): ServableSource => ({
  module: import.meta.url,
  options: { project: folder, model: files.folder, program: files.program },
});
