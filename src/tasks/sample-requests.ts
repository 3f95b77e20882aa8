/** Requests to a project's own route that are made of the rows of its test split. */
import { type LoadRequest, readsOf, type UploadedFile } from "../serving/index.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import { TaskError } from "./task-error.ts";

/** What a person would ask, and the request that asks it. */
export interface SampleRequest {
  readonly sample: string | UploadedFile;
  readonly request: LoadRequest;
}

/**
 * @param limit so many rows of the beginning; all unless given
 * @throws {TaskError} when nobody has said what a person would ask
 */
export async function sampleRequests(
  project: Project,
  config: ProjectConfig,
  { limit }: { readonly limit?: number } = {},
): Promise<SampleRequest[]> {
  const samples: SampleRequest[] = [];
  for (const sample of await samplesOf(project, config, limit))
    samples.push({ sample, request: await requestOf(project, sample) });
  return samples;
}

/** Of the test rows; where the task makes none of them, the examples of the project's page. */
async function samplesOf(
  { name, task, page, folder }: Project,
  { task: config, common }: ProjectConfig,
  limit: number | undefined,
): Promise<readonly (string | UploadedFile)[]> {
  const { sample } = task;
  if (sample) {
    const { test } = await task.read(config, { folder, seed: common.seed });
    return Promise.all(test.rows.slice(0, limit).map((row) => sample(row)));
  }
  if (page.input.kind === "text" && page.input.examples.length > 0) return page.input.examples;
  throw new TaskError(`the task of ${name} makes no requests of its rows, and its page has no examples`);
}

/** The request of a text or a file, in the way in which the project's route reads it. */
export async function requestOf(
  { route, page }: Pick<Project, "route" | "page">,
  sample: string | UploadedFile,
): Promise<LoadRequest> {
  const { method, path } = route;
  const { field } = page.input;
  if (typeof sample !== "string") {
    const form = new FormData();
    const { bytes, mediaType: type, name } = sample;
    form.append(field, new File([new Uint8Array(bytes)], name, { type }));
    const body = new Response(form);
    const headers = { "content-type": body.headers.get("content-type") ?? "multipart/form-data" };
    return { method, path, headers, body: new Uint8Array(await body.arrayBuffer()) };
  }
  if (readsOf(route) === "query")
    return { method, path: `${path}?${new URLSearchParams({ [field]: sample })}`, headers: {} };
  const body = new TextEncoder().encode(JSON.stringify({ [field]: sample }));
  return { method, path, headers: { "content-type": "application/json" }, body };
}
