// Records of the registry in the words of the protocol.
import { z } from "zod";
import type { ModelVersion, RegisteredModel } from "../store.ts";
import { entry, toEntries, token } from "./replies.ts";

export const modelVersionReply = z.object({
  name: z.string(),
  version: z.string(),
  creation_timestamp: z.int(),
  last_updated_timestamp: z.int(),
  current_stage: z.string(),
  description: z.string(),
  source: z.string(),
  run_id: z.string(),
  run_link: z.string().optional(),
  model_id: z.string().optional(),
  status: z.literal("READY"),
  tags: z.array(entry),
  aliases: z.array(z.string()),
});

export const registeredModelReply = z.object({
  name: z.string(),
  creation_timestamp: z.int(),
  last_updated_timestamp: z.int(),
  description: z.string(),
  latest_versions: z.array(modelVersionReply),
  tags: z.array(entry),
  aliases: z.array(z.object({ alias: z.string(), version: z.string() })),
});

export const registeredModelsReply = z.object({
  registered_models: z.array(registeredModelReply),
  next_page_token: token,
});
export const modelVersionsReply = z.object({
  model_versions: z.array(modelVersionReply),
  next_page_token: token,
});

export function toModelVersion(version: ModelVersion): z.input<typeof modelVersionReply> {
  return {
    name: version.name,
    version: String(version.version),
    creation_timestamp: version.creationTime,
    last_updated_timestamp: version.lastUpdateTime,
    current_stage: version.stage,
    description: version.description,
    source: version.source,
    run_id: version.runId ?? "",
    ...(version.runLink !== undefined && { run_link: version.runLink }),
    ...(version.modelId !== undefined && { model_id: version.modelId }),
    status: "READY",
    tags: toEntries(version.tags),
    aliases: version.aliases,
  };
}

/** @param latest the newest version of each stage that has one */
export function toRegisteredModel(
  model: RegisteredModel,
  latest: readonly ModelVersion[],
): z.input<typeof registeredModelReply> {
  return {
    name: model.name,
    creation_timestamp: model.creationTime,
    last_updated_timestamp: model.lastUpdateTime,
    description: model.description,
    latest_versions: latest.map(toModelVersion),
    tags: toEntries(model.tags),
    aliases: Object.entries(model.aliases).map(([alias, version]) => ({ alias, version: String(version) })),
  };
}
