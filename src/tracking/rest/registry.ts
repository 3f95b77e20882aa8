import { z } from "zod";
import type { RegisteredModel, Store } from "../store.ts";
import { entries, int64, optionalText, requiredText, search, toRecord } from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";
import {
  modelVersionReply,
  modelVersionsReply,
  registeredModelReply,
  registeredModelsReply,
  toModelVersion,
  toNextPage,
  toRegisteredModel,
} from "./replies.ts";
import { route } from "./route.ts";

/** A model as its reply, with the newest of its versions. */
async function reply(store: Store, model: RegisteredModel) {
  const [latest] = await store.listModelVersions(model.name);
  return toRegisteredModel(model, latest);
}

const createRegisteredModel = route({
  method: "POST",
  path: "/api/2.0/mlflow/registered-models/create",
  request: z.object({ name: requiredText, description: optionalText, tags: entries() }),
  response: z.object({ registered_model: registeredModelReply }),
  async handle({ name, description = "", tags }, { store }) {
    const model = await store.createRegisteredModel(name, { description, tags: toRecord(tags) });
    return { registered_model: toRegisteredModel(model, undefined) };
  },
});

const getRegisteredModel = route({
  method: "GET",
  path: "/api/2.0/mlflow/registered-models/get",
  request: z.object({ name: requiredText }),
  response: z.object({ registered_model: registeredModelReply }),
  async handle({ name }, { store }) {
    return { registered_model: await reply(store, await store.getRegisteredModel(name)) };
  },
});

const searchRegisteredModels = route({
  method: "GET",
  path: "/api/2.0/mlflow/registered-models/search",
  request: search,
  response: registeredModelsReply,
  async handle(query, { store }) {
    const page = await store.searchRegisteredModels(query);
    const models = page.items.map((model) => reply(store, model));
    return { registered_models: await Promise.all(models), ...toNextPage(page) };
  },
});

const getModelVersion = route({
  method: "GET",
  path: "/api/2.0/mlflow/model-versions/get",
  request: z.object({ name: requiredText, version: int64 }),
  response: z.object({ model_version: modelVersionReply }),
  async handle({ name, version }, { store }) {
    return { model_version: toModelVersion(await store.getModelVersion(name, version)) };
  },
});

const searchModelVersions = route({
  method: "GET",
  path: "/api/2.0/mlflow/model-versions/search",
  request: search,
  response: modelVersionsReply,
  async handle(query, { store }) {
    const page = await store.searchModelVersions(query);
    return { model_versions: page.items.map(toModelVersion), ...toNextPage(page) };
  },
});

const aliasPath = "/api/2.0/mlflow/registered-models/alias";

const getVersionByAlias = route({
  method: "GET",
  path: aliasPath,
  request: z.object({ name: requiredText, alias: requiredText }),
  response: z.object({ model_version: modelVersionReply }),
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
  request: z.object({ name: requiredText, alias: requiredText, version: int64 }),
  response: z.object({}),
  async handle({ name, alias, version }, { store }) {
    await store.setAlias(name, alias, version);
    return {};
  },
});

const deleteAlias = route({
  method: "DELETE",
  path: aliasPath,
  request: z.object({ name: requiredText, alias: requiredText }),
  response: z.object({}),
  async handle({ name, alias }, { store }) {
    await store.deleteAlias(name, alias);
    return {};
  },
});

export const registryRoutes = [
  createRegisteredModel,
  getRegisteredModel,
  searchRegisteredModels,
  getModelVersion,
  searchModelVersions,
  getVersionByAlias,
  setAlias,
  deleteAlias,
];
