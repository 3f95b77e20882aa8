/** Requests to a project's own route that are made of the rows of its test split. */
import type { LoadRequest, UploadedFile } from "../serving/index.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import { TaskError } from "./task-error.ts";

/** A row, what a person would ask about it, and the request that asks it. */
export interface SampleRequest {
  readonly row: unknown;
  readonly sample: string | UploadedFile;
  readonly request: LoadRequest;
}

/**
 * @param limit so many rows of the beginning; all unless given
 * @throws {TaskError} when the task does not say what a person would ask about a row
 */
export async function sampleRequests(
  project: Project,
  config: ProjectConfig,
  { limit }: { readonly limit?: number } = {},
): Promise<SampleRequest[]> {
  const { task } = project;
  if (!task.sample) throw new TaskError(`the task of ${project.name} makes no requests of its rows`);
  const context = { folder: project.folder, seed: config.common.seed };
  const { test } = await task.read(config.task, context);
  const samples: SampleRequest[] = [];
  for (const row of test.rows.slice(0, limit)) {
    const sample = await task.sample(row);
    samples.push({ row, sample, request: await requestOf(project, sample) });
  }
  return samples;
}

/** The request of a text or a file, in the way in which the project's route reads it. */
export async function requestOf(
  { route, page }: Pick<Project, "route" | "page">,
  sample: string | UploadedFile,
): Promise<LoadRequest> {
  const { method, path, reads = method === "GET" ? "query" : "json" } = route;
  const { field } = page.input;
  if (typeof sample !== "string") {
    const form = new FormData();
    const { bytes, mediaType: type, name } = sample;
    form.append(field, new File([new Uint8Array(bytes)], name, { type }));
    const body = new Response(form);
    const headers = { "content-type": body.headers.get("content-type") ?? "multipart/form-data" };
    return { method, path, headers, body: new Uint8Array(await body.arrayBuffer()) };
  }
  if (reads === "query")
    return { method, path: `${path}?${new URLSearchParams({ [field]: sample })}`, headers: {} };
  const body = new TextEncoder().encode(JSON.stringify({ [field]: sample }));
  return { method, path, headers: { "content-type": "application/json" }, body };
}
