import { z } from "zod";
import type { LifecycleStage, Store } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { location } from "./artifact-place.ts";
import {
  entries,
  entryKey,
  experimentId,
  experimentIds,
  requiredText,
  search,
  tagValue,
  toRecord,
  view,
} from "./fields.ts";
import {
  datasetSummaryReply,
  experimentReply,
  experimentsReply,
  toDatasetSummary,
  toExperiment,
  toNextPage,
} from "./replies.ts";
import { route } from "./route.ts";

const nothing = z.object({});

const createExperiment = route({
  method: "POST",
  path: "/api/2.0/mlflow/experiments/create",
  request: z.object({ name: requiredText, tags: entries(), artifact_location: location }),
  response: z.object({ experiment_id: z.string() }),
  async handle({ name, tags, artifact_location }, { store }) {
    const place = artifact_location === undefined ? {} : { artifactLocation: artifact_location };
    const { experimentId } = await store.createExperiment(name, toRecord(tags), place);
    return { experiment_id: experimentId };
  },
});

const getExperiment = route({
  method: "GET",
  path: "/api/2.0/mlflow/experiments/get",
  request: z.object({ experiment_id: experimentId }),
  response: z.object({ experiment: experimentReply }),
  async handle({ experiment_id }, { store }) {
    return { experiment: toExperiment(await store.getExperiment(experiment_id)) };
  },
});

const getExperimentByName = route({
  method: "GET",
  path: "/api/2.0/mlflow/experiments/get-by-name",
  request: z.object({ experiment_name: requiredText }),
  response: z.object({ experiment: experimentReply }),
  async handle({ experiment_name }, { store }) {
    const experiment = await store.getExperimentByName(experiment_name);
    if (experiment) return { experiment: toExperiment(experiment) };
    throw new StoreError(
      "not-found",
      "experiment",
      `there is no experiment named ${JSON.stringify(experiment_name)}`,
    );
  },
});

const searchExperiments = route({
  method: ["GET", "POST"],
  path: "/api/2.0/mlflow/experiments/search",
  needs: "read",
  request: search.and(z.object({ view_type: view })),
  response: experimentsReply,
  async handle({ view_type, ...query }, { store }) {
    const page = await store.searchExperiments({ ...query, view: view_type });
    return { experiments: page.items.map(toExperiment), ...toNextPage(page) };
  },
});

const updateExperiment = route({
  method: "POST",
  path: "/api/2.0/mlflow/experiments/update",
  request: z.object({ experiment_id: experimentId, new_name: requiredText }),
  response: nothing,
  async handle({ experiment_id, new_name }, { store }) {
    await store.renameExperiment(experiment_id, new_name);
    return {};
  },
});

/** To the original an experiment that is in the other stage is not there. */
async function requireStage(store: Store, experimentId: string, stage: LifecycleStage): Promise<void> {
  const { name, lifecycleStage } = await store.getExperiment(experimentId);
  if (lifecycleStage === stage) return;
  const state = lifecycleStage === "deleted" ? "is deleted; restore it first" : "is not deleted";
  throw new StoreError("not-found", "experiment", `experiment ${experimentId} (${name}) ${state}`);
}

const deleteExperiment = route({
  method: "POST",
  path: "/api/2.0/mlflow/experiments/delete",
  request: z.object({ experiment_id: experimentId }),
  response: nothing,
  async handle({ experiment_id }, { store }) {
    await requireStage(store, experiment_id, "active");
    await store.deleteExperiment(experiment_id);
    return {};
  },
});

const restoreExperiment = route({
  method: "POST",
  path: "/api/2.0/mlflow/experiments/restore",
  request: z.object({ experiment_id: experimentId }),
  response: nothing,
  async handle({ experiment_id }, { store }) {
    await requireStage(store, experiment_id, "deleted");
    await store.restoreExperiment(experiment_id);
    return {};
  },
});

const setExperimentTag = route({
  method: "POST",
  path: "/api/2.0/mlflow/experiments/set-experiment-tag",
  request: z.object({ experiment_id: experimentId, key: entryKey, value: tagValue }),
  response: nothing,
  async handle({ experiment_id, key, value }, { store }) {
    await store.setExperimentTag(experiment_id, key, value);
    return {};
  },
});

const deleteExperimentTag = route({
  method: "POST",
  path: "/api/2.0/mlflow/experiments/delete-experiment-tag",
  request: z.object({ experiment_id: experimentId, key: requiredText }),
  response: nothing,
  async handle({ experiment_id, key }, { store }) {
    await store.deleteExperimentTag(experiment_id, key);
    return {};
  },
});

/** The original has forgotten a slash in one of its paths; clients know either. */
const searchDatasets = ["/api/2.0/mlflow", "/api/2.0mlflow"].map((prefix) =>
  route({
    method: "POST",
    path: `${prefix}/experiments/search-datasets`,
    needs: "read",
    request: z.object({ experiment_ids: experimentIds }),
    response: z.object({ dataset_summaries: z.array(datasetSummaryReply) }),
    async handle({ experiment_ids }, { store }) {
      return { dataset_summaries: (await store.searchDatasets(experiment_ids)).map(toDatasetSummary) };
    },
  }),
);

export const experimentRoutes = [
  createExperiment,
  getExperiment,
  getExperimentByName,
  searchExperiments,
  updateExperiment,
  deleteExperiment,
  restoreExperiment,
  setExperimentTag,
  deleteExperimentTag,
  ...searchDatasets,
];
