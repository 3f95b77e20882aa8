// Registered models: the names under which versions are kept.
import { z } from "zod";
import type { ModelVersion, RegisteredModel, Store } from "../store.ts";
import {
  entries,
  entryKey,
  optionalText,
  repeated,
  requiredText,
  search,
  tagValue,
  toRecord,
} from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";
import {
  modelVersionReply,
  registeredModelReply,
  registeredModelsReply,
  toModelVersion,
  toRegisteredModel,
} from "./registry-replies.ts";
import { toNextPage } from "./replies.ts";
import { route } from "./route.ts";
import { parseStage } from "./stage.ts";

const path = "/api/2.0/mlflow/registered-models";
const nothing = z.object({});
const byName = z.object({ name: requiredText });
const oneModel = z.object({ registered_model: registeredModelReply });

/** Of each stage that any version is in, the newest; they come newest first. */
function latestOfStages(versions: readonly ModelVersion[]): ModelVersion[] {
  const latest = new Map<string, ModelVersion>();
  for (const version of versions) if (!latest.has(version.stage)) latest.set(version.stage, version);
  return [...latest.values()];
}

async function reply(store: Store, model: RegisteredModel) {
  return toRegisteredModel(model, latestOfStages(await store.listModelVersions(model.name)));
}

const createRegisteredModel = route({
  method: "POST",
  path: `${path}/create`,
  request: byName.extend({ description: optionalText, tags: entries() }),
  response: oneModel,
  async handle({ name, description = "", tags }, { store }) {
    const model = await store.createRegisteredModel(name, { description, tags: toRecord(tags) });
    return { registered_model: toRegisteredModel(model, []) };
  },
});

const getRegisteredModel = route({
  method: "GET",
  path: `${path}/get`,
  request: byName,
  response: oneModel,
  async handle({ name }, { store }) {
    return { registered_model: await reply(store, await store.getRegisteredModel(name)) };
  },
});

const updateRegisteredModel = route({
  method: "PATCH",
  path: `${path}/update`,
  request: byName.extend({ description: tagValue }),
  response: oneModel,
  async handle({ name, description }, { store }) {
    return { registered_model: await reply(store, await store.updateRegisteredModel(name, { description })) };
  },
});

const renameRegisteredModel = route({
  method: "POST",
  path: `${path}/rename`,
  request: byName.extend({ new_name: requiredText }),
  response: oneModel,
  async handle({ name, new_name }, { store }) {
    return { registered_model: await reply(store, await store.renameRegisteredModel(name, new_name)) };
  },
});

const deleteRegisteredModel = route({
  method: "DELETE",
  path: `${path}/delete`,
  request: byName,
  response: nothing,
  async handle({ name }, { store }) {
    await store.deleteRegisteredModel(name);
    return {};
  },
});

const searchRegisteredModels = route({
  method: "GET",
  path: `${path}/search`,
  request: search,
  response: registeredModelsReply,
  async handle(query, { store }) {
    if ((query.maxResults ?? 0) > 1000)
      throw new MlflowError(
        "INVALID_PARAMETER_VALUE",
        `max_results must be at most 1000, got ${query.maxResults}`,
      );
    const page = await store.searchRegisteredModels({ maxResults: 100, ...query });
    const models = page.items.map((model) => reply(store, model));
    return { registered_models: await Promise.all(models), ...toNextPage(page) };
  },
});

const getLatestVersions = route({
  method: ["GET", "POST"],
  path: `${path}/get-latest-versions`,
  needs: "read",
  request: byName.extend({ stages: repeated(z.string("must be text"), 10) }),
  response: z.object({ model_versions: z.array(modelVersionReply) }),
  async handle({ name, stages }, { store }) {
    const wanted = stages.map(parseStage);
    const latest = latestOfStages(await store.listModelVersions(name));
    const asked = latest.filter(({ stage }) => wanted.length === 0 || wanted.includes(stage));
    return { model_versions: asked.map(toModelVersion) };
  },
});

const setTag = route({
  method: "POST",
  path: `${path}/set-tag`,
  request: byName.extend({ key: entryKey, value: tagValue }),
  response: nothing,
  async handle({ name, key, value }, { store }) {
    await store.setRegisteredModelTag(name, key, value);
    return {};
  },
});

const deleteTag = route({
  method: "DELETE",
  path: `${path}/delete-tag`,
  request: byName.extend({ key: requiredText }),
  response: nothing,
  async handle({ name, key }, { store }) {
    await store.deleteRegisteredModelTag(name, key);
    return {};
  },
});

export const registryRoutes = [
  createRegisteredModel,
  getRegisteredModel,
  updateRegisteredModel,
  renameRegisteredModel,
  deleteRegisteredModel,
  searchRegisteredModels,
  getLatestVersions,
  setTag,
  deleteTag,
];
