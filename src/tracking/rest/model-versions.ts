// Versions of registered models, and the aliases that name them.
import { z } from "zod";
import type { ModelVersion, Store } from "../store.ts";
import { authorOf } from "./author.ts";
import {
  entries,
  entryKey,
  flag,
  optionalText,
  requiredText,
  search,
  tagValue,
  toRecord,
  version,
} from "./fields.ts";
import { withElement } from "./list-tag.ts";
import { MlflowError } from "./mlflow-error.ts";
import { checkSource } from "./model-source.ts";
import { modelVersionReply, modelVersionsReply, toModelVersion } from "./registry-replies.ts";
import { toNextPage } from "./replies.ts";
import { route } from "./route.ts";
import { parseStage } from "./stage.ts";

const path = "/api/2.0/mlflow/model-versions";
const nothing = z.object({});
const byVersion = z.object({ name: requiredText, version });
const oneVersion = z.object({ model_version: modelVersionReply });

const createModelVersion = route({
  method: "POST",
  path: `${path}/create`,
  request: z.object({
    name: requiredText,
    source: requiredText,
    run_id: optionalText,
    run_link: optionalText,
    model_id: optionalText,
    description: optionalText,
    tags: entries(),
  }),
  response: oneVersion,
  async handle({ name, tags, description, ...asked }, { store, raw }) {
    await store.getRegisteredModel(name);
    const record = toRecord(tags);
    const isPrompt = record["mlflow.prompt.is_prompt"]?.toLowerCase() === "true";
    const { source, runId, modelId } = isPrompt
      ? { source: asked.source, runId: asked.run_id, modelId: asked.model_id }
      : await checkSource(store, asked);
    const madeBy = runId ?? (modelId && (await store.getLoggedModel(modelId)).sourceRunId);
    const wanted = {
      ...{ name, source, tags: record },
      ...(madeBy !== undefined && { runId: madeBy }),
      ...(asked.run_link !== undefined && { runLink: asked.run_link }),
      ...(modelId !== undefined && { modelId }),
      ...(description !== undefined && { description }),
    };
    const made = await store.createModelVersion(wanted, authorOf(raw));
    if (modelId !== undefined) await noteRegistration(store, modelId, made);
    return { model_version: toModelVersion(made) };
  },
});

/** Where clients find what a logged model is registered as. */
const registrationsTag = "mlflow.modelVersions";

async function noteRegistration(store: Store, modelId: string, made: ModelVersion): Promise<void> {
  const { tags } = await store.getLoggedModel(modelId);
  const registration = { name: made.name, version: made.version };
  const registrations = withElement(tags[registrationsTag], registration);
  await store.setLoggedModelTags(modelId, { [registrationsTag]: registrations });
}

const getModelVersion = route({
  method: "GET",
  path: `${path}/get`,
  request: byVersion,
  response: oneVersion,
  async handle({ name, version }, { store }) {
    return { model_version: toModelVersion(await store.getModelVersion(name, version)) };
  },
});

const getDownloadUri = route({
  method: "GET",
  path: `${path}/get-download-uri`,
  request: byVersion,
  response: z.object({ artifact_uri: z.string() }),
  async handle({ name, version }, { store }) {
    return { artifact_uri: (await store.getModelVersion(name, version)).source };
  },
});

const updateModelVersion = route({
  method: "PATCH",
  path: `${path}/update`,
  request: byVersion.extend({ description: tagValue }),
  response: oneVersion,
  async handle({ name, version, description }, { store }) {
    return { model_version: toModelVersion(await store.updateModelVersion(name, version, { description })) };
  },
});

const deleteModelVersion = route({
  method: "DELETE",
  path: `${path}/delete`,
  request: byVersion,
  response: nothing,
  async handle({ name, version }, { store, raw }) {
    await store.deleteModelVersion(name, version, authorOf(raw));
    return {};
  },
});

const transitionStage = route({
  method: "POST",
  path: `${path}/transition-stage`,
  request: byVersion.extend({ stage: requiredText, archive_existing_versions: flag }),
  response: oneVersion,
  async handle({ name, version, stage, archive_existing_versions }, { store }) {
    const to = parseStage(stage);
    if (archive_existing_versions && to !== "Staging" && to !== "Production") {
      throw new MlflowError(
        "INVALID_PARAMETER_VALUE",
        `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. ` +
          "Valid stages are ['Staging', 'Production']",
      );
    }
    const changed = await store.setModelVersionStage(name, version, to, {
      archiveOthers: archive_existing_versions,
    });
    return { model_version: toModelVersion(changed) };
  },
});

const searchModelVersions = route({
  method: "GET",
  path: `${path}/search`,
  request: search,
  response: modelVersionsReply,
  async handle(query, { store }) {
    const page = await store.searchModelVersions(query);
    return { model_versions: page.items.map(toModelVersion), ...toNextPage(page) };
  },
});

const setTag = route({
  method: "POST",
  path: `${path}/set-tag`,
  request: byVersion.extend({ key: entryKey, value: tagValue }),
  response: nothing,
  async handle({ name, version, key, value }, { store }) {
    await store.setModelVersionTag(name, version, key, value);
    return {};
  },
});

const deleteTag = route({
  method: "DELETE",
  path: `${path}/delete-tag`,
  request: byVersion.extend({ key: requiredText }),
  response: nothing,
  async handle({ name, version, key }, { store }) {
    await store.deleteModelVersionTag(name, version, key);
    return {};
  },
});

const aliasPath = "/api/2.0/mlflow/registered-models/alias";
const byAlias = z.object({ name: requiredText, alias: requiredText });

const getVersionByAlias = route({
  method: "GET",
  path: aliasPath,
  request: byAlias,
  response: oneVersion,
  async handle({ name, alias }, { store }) {
    await store.getRegisteredModel(name);
    const version = await store.getVersionByAlias(name, alias);
    if (version) return { model_version: toModelVersion(version) };
    // The original answers this code, and its client relies on it.
    throw new MlflowError("INVALID_PARAMETER_VALUE", `Registered model alias ${alias} not found.`);
  },
});

const setAlias = route({
  method: "POST",
  path: aliasPath,
  request: byAlias.extend({ version }),
  response: nothing,
  async handle({ name, alias, version }, { store, raw }) {
    await store.setAlias(name, alias, version, authorOf(raw));
    return {};
  },
});

const deleteAlias = route({
  method: "DELETE",
  path: aliasPath,
  request: byAlias,
  response: nothing,
  async handle({ name, alias }, { store, raw }) {
    await store.deleteAlias(name, alias, authorOf(raw));
    return {};
  },
});

export const modelVersionRoutes = [
  createModelVersion,
  getModelVersion,
  getDownloadUri,
  updateModelVersion,
  deleteModelVersion,
  transitionStage,
  searchModelVersions,
  setTag,
  deleteTag,
  getVersionByAlias,
  setAlias,
  deleteAlias,
];
