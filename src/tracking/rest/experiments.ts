import { z } from "zod";
import { StoreError } from "../store-error.ts";
import { entries, requiredText, search, toRecord, view } from "./fields.ts";
import { experimentReply, experimentsReply, toExperiment, toNextPage } from "./replies.ts";
import { route } from "./route.ts";

const createExperiment = route({
  method: "POST",
  path: "/api/2.0/mlflow/experiments/create",
  request: z.object({ name: requiredText, tags: entries() }),
  response: z.object({ experiment_id: z.string() }),
  async handle({ name, tags }, { store }) {
    return { experiment_id: (await store.createExperiment(name, toRecord(tags))).experimentId };
  },
});

const getExperiment = route({
  method: "GET",
  path: "/api/2.0/mlflow/experiments/get",
  request: z.object({ experiment_id: requiredText }),
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
  request: search.and(z.object({ view_type: view })),
  response: experimentsReply,
  async handle({ view_type, ...query }, { store }) {
    const page = await store.searchExperiments({ ...query, view: view_type });
    return { experiments: page.items.map(toExperiment), ...toNextPage(page) };
  },
});

export const experimentRoutes = [createExperiment, getExperiment, getExperimentByName, searchExperiments];
