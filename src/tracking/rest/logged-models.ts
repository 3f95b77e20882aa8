import { z } from "zod";
import type { LoggedModel } from "../logged-model.ts";
import { listFolder } from "./artifact-listing.ts";
import { folderOf, modelUri } from "./artifact-place.ts";
import {
  entries,
  experimentId,
  experimentIds,
  flag,
  int64,
  optionalText,
  repeated,
  requiredText,
  toRecord,
} from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";
import { entry, metricReply, toEntries, token, toMetric, toNextPage } from "./replies.ts";
import { route } from "./route.ts";

const nothing = z.object({});

/** The protocol counts its states; requests may say the name or the number. */
const statuses = ["LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"] as const;
const statusName = { PENDING: statuses[0], READY: statuses[1], FAILED: statuses[2] } as const;

const loggedModelReply = z.object({
  info: z.object({
    model_id: z.string(),
    experiment_id: z.string(),
    name: z.string(),
    creation_timestamp_ms: z.int(),
    last_updated_timestamp_ms: z.int(),
    artifact_uri: z.string(),
    status: z.enum(statuses),
    model_type: z.string().optional(),
    source_run_id: z.string().optional(),
    tags: z.array(entry),
  }),
  data: z.object({ params: z.array(entry), metrics: z.array(metricReply) }),
});
const oneModel = z.object({ model: loggedModelReply });

const toLoggedModel = (model: LoggedModel): z.input<typeof loggedModelReply> => ({
  info: {
    model_id: model.modelId,
    experiment_id: model.experimentId,
    name: model.name,
    creation_timestamp_ms: model.creationTime,
    last_updated_timestamp_ms: model.lastUpdateTime,
    artifact_uri: modelUri(model),
    status: statusName[model.status],
    ...(model.modelType !== undefined && { model_type: model.modelType }),
    ...(model.sourceRunId !== undefined && { source_run_id: model.sourceRunId }),
    tags: toEntries(model.tags),
  },
  data: {
    params: toEntries(model.params),
    metrics: model.metrics.map((metric) => ({ ...toMetric(metric), run_id: metric.runId })),
  },
});

const path = "/api/2.0/mlflow/logged-models";
const anyEntries = entries({ key: requiredText });
const byId = z.object({ model_id: requiredText });

const createLoggedModel = route({
  method: "POST",
  path,
  request: z.object({
    experiment_id: experimentId,
    name: optionalText,
    model_type: optionalText,
    source_run_id: optionalText,
    params: anyEntries,
    tags: anyEntries,
  }),
  response: oneModel,
  async handle({ experiment_id, name, model_type, source_run_id, params, tags }, { store }) {
    const model = await store.createLoggedModel({
      experimentId: experiment_id,
      ...(name !== undefined && { name }),
      ...(model_type !== undefined && { modelType: model_type }),
      ...(source_run_id !== undefined && { sourceRunId: source_run_id }),
      params: toRecord(params),
      tags: toRecord(tags),
    });
    return { model: toLoggedModel(model) };
  },
});

const getLoggedModel = route({
  method: "GET",
  path: `${path}/:model_id`,
  request: byId.extend({ allow_deleted: flag }),
  response: oneModel,
  async handle({ model_id, allow_deleted }, { store }) {
    return { model: toLoggedModel(await store.getLoggedModel(model_id, { allowDeleted: allow_deleted })) };
  },
});

const finalizeLoggedModel = route({
  method: "PATCH",
  path: `${path}/:model_id`,
  request: byId.extend({
    status: z
      .union([z.enum([statuses[1], statuses[2]]), z.enum(["2", "3"]), z.literal([2, 3])], {
        error: `must be ${statuses[1]} or ${statuses[2]}`,
      })
      .transform((status) => (["2", 2, statuses[1]].includes(status) ? "READY" : "FAILED")),
  }),
  response: oneModel,
  async handle({ model_id, status }, { store }) {
    return { model: toLoggedModel(await store.finalizeLoggedModel(model_id, status)) };
  },
});

const deleteLoggedModel = route({
  method: "DELETE",
  path: `${path}/:model_id`,
  request: byId,
  response: nothing,
  async handle({ model_id }, { store }) {
    await store.deleteLoggedModel(model_id);
    return {};
  },
});

const logParams = route({
  method: "POST",
  path: `${path}/:model_id/params`,
  request: byId.extend({ params: anyEntries }),
  response: nothing,
  async handle({ model_id, params }, { store }) {
    await store.logLoggedModelParams(model_id, toRecord(params));
    return {};
  },
});

const setTags = route({
  method: "PATCH",
  path: `${path}/:model_id/tags`,
  request: byId.extend({ tags: anyEntries }),
  response: nothing,
  async handle({ model_id, tags }, { store }) {
    await store.setLoggedModelTags(model_id, toRecord(tags));
    return {};
  },
});

const deleteTag = route({
  method: "DELETE",
  path: `${path}/:model_id/tags/:tag_key{.+}`,
  request: byId.extend({ tag_key: requiredText }),
  response: nothing,
  async handle({ model_id, tag_key }, { store }) {
    await store.deleteLoggedModelTag(model_id, tag_key);
    return {};
  },
});

const dataset = z.object({ dataset_name: requiredText, dataset_digest: optionalText });
const toScope = ({ dataset_name, dataset_digest }: z.output<typeof dataset>) => ({
  name: dataset_name,
  ...(dataset_digest !== undefined && { digest: dataset_digest }),
});

const orderBy = z.object({
  field_name: requiredText,
  ascending: z.boolean().nullish(),
  dataset_name: optionalText,
  dataset_digest: optionalText,
});

const searchLoggedModels = route({
  method: "POST",
  path: `${path}/search`,
  needs: "read",
  request: z.object({
    experiment_ids: experimentIds,
    filter: optionalText,
    datasets: repeated(dataset, 100),
    max_results: int64.nullish(),
    order_by: repeated(orderBy, 100),
    page_token: optionalText,
  }),
  response: z.object({ models: z.array(loggedModelReply), next_page_token: token }),
  async handle({ experiment_ids, filter, datasets, max_results, order_by, page_token }, { store }) {
    if (experiment_ids.length === 0)
      throw new MlflowError(
        "INVALID_PARAMETER_VALUE",
        "Missing value for required parameter 'experiment_ids'.",
      );
    const page = await store.searchLoggedModels({
      experimentIds: experiment_ids,
      ...(filter !== undefined && { filter }),
      ...(page_token !== undefined && { pageToken: page_token }),
      maxResults: max_results || 50,
      datasets: datasets.map(toScope),
      orderBy: order_by.map(
        ({ field_name, ascending }) => `${field_name} ${ascending === false ? "DESC" : "ASC"}`,
      ),
      orderDatasets: order_by.map(({ dataset_name, dataset_digest }) =>
        dataset_name === undefined ? undefined : toScope({ dataset_name, dataset_digest }),
      ),
    });
    return { models: page.items.map(toLoggedModel), ...toNextPage(page) };
  },
});

const listArtifacts = route({
  method: "GET",
  path: `${path}/:model_id/artifacts/directories`,
  request: byId.extend({ artifact_directory_path: optionalText }),
  response: z.object({ root_uri: z.string(), files: z.array(z.unknown()) }),
  async handle({ model_id, artifact_directory_path = "" }, { store }) {
    const uri = modelUri(await store.getLoggedModel(model_id));
    return { root_uri: uri, files: await listFolder(store.files, folderOf(uri), artifact_directory_path) };
  },
});

export const loggedModelRoutes = [
  // Before the routes whose last part is an id.
  searchLoggedModels,
  createLoggedModel,
  getLoggedModel,
  finalizeLoggedModel,
  deleteLoggedModel,
  logParams,
  setTags,
  deleteTag,
  listArtifacts,
];
