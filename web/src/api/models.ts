import * as z from "zod/mini";
import { request } from "./request.ts";
import { entries, int64, list } from "./wire.ts";

const version = z.pipe(
  z.object({
    name: z.string(),
    version: int64,
    creation_timestamp: int64,
    description: z.optional(z.string()),
    run_id: z.optional(z.string()),
    tags: entries,
    aliases: list(z.string()),
  }),
  z.transform(({ creation_timestamp, run_id, description = "", ...version }) => ({
    ...version,
    description,
    creationTime: creation_timestamp,
    /** Missing for a version that no run of this server has made. */
    runId: run_id || undefined,
  })),
);

export type ModelVersion = z.output<typeof version>;

const model = z.pipe(
  z.object({
    name: z.string(),
    description: z.optional(z.string()),
    creation_timestamp: int64,
    last_updated_timestamp: int64,
    latest_versions: list(version),
    aliases: list(z.object({ alias: z.string(), version: int64 })),
  }),
  z.transform(({ name, description = "", aliases, ...model }) => ({
    name,
    description,
    creationTime: model.creation_timestamp,
    lastUpdateTime: model.last_updated_timestamp,
    newestVersion: model.latest_versions.reduce<number | undefined>(
      (newest, { version }) => Math.max(newest ?? 0, version),
      undefined,
    ),
    aliases,
  })),
);

export type RegisteredModel = z.output<typeof model>;

export async function listModels(signal?: AbortSignal): Promise<RegisteredModel[]> {
  const answer = await request(
    "api/2.0/mlflow/registered-models/search",
    z.object({ registered_models: list(model) }),
    { query: { max_results: "1000" }, ...(signal && { signal }) },
  );
  return answer.registered_models;
}

/** The versions of one model, or of all, newest first. */
export async function listModelVersions(name?: string, signal?: AbortSignal): Promise<ModelVersion[]> {
  const answer = await request(
    "api/2.0/mlflow/model-versions/search",
    z.object({ model_versions: list(version) }),
    {
      query: {
        max_results: "1000",
        ...(name !== undefined && { filter: `name='${name.replaceAll("'", "''")}'` }),
      },
      ...(signal && { signal }),
    },
  );
  return answer.model_versions.sort((a, b) => a.name.localeCompare(b.name) || b.version - a.version);
}
