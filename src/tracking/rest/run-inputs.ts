// What a run has read and made: datasets and logged models.
import { z } from "zod";
import { limits } from "../sql/limits.ts";
import type { Dataset } from "../store.ts";
import { int64, optionalText, repeated, requiredText, runId, tagValue, toRecord } from "./fields.ts";
import { withElement } from "./list-tag.ts";
import { MlflowError } from "./mlflow-error.ts";
import { contextTag } from "./replies.ts";
import { route } from "./route.ts";

const nothing = z.object({});

const datasetInput = z.object({
  tags: repeated(z.object({ key: requiredText, value: tagValue }), 100),
  dataset: z.object({
    name: requiredText,
    digest: requiredText,
    source_type: requiredText,
    source: requiredText,
    schema: optionalText,
    profile: optionalText,
  }),
});

function ofRequest({ tags, dataset }: z.output<typeof datasetInput>): Dataset {
  const { [contextTag]: context, ...others } = toRecord(tags);
  return {
    ...{
      name: dataset.name,
      digest: dataset.digest,
      source: dataset.source,
      sourceType: dataset.source_type,
    },
    ...(dataset.schema !== undefined && { schema: dataset.schema }),
    ...(dataset.profile !== undefined && { profile: dataset.profile }),
    ...(context !== undefined && { context }),
    ...(Object.keys(others).length > 0 && { tags: others }),
  };
}

const logInputs = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/log-inputs",
  request: runId.and(
    z.object({
      datasets: repeated(datasetInput, 1000),
      models: repeated(z.object({ model_id: requiredText }), 1000),
    }),
  ),
  response: nothing,
  async handle({ runId, datasets, models }, { store }) {
    await store.getRun(runId);
    for (const dataset of datasets) await store.logDataset(runId, ofRequest(dataset));
    if (models.length > 0) await store.logModels(runId, { inputs: models.map(({ model_id }) => model_id) });
    return {};
  },
});

const logOutputs = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/outputs",
  request: runId.and(
    z.object({
      models: repeated(
        z.object({ model_id: requiredText, step: int64.nullish().transform((step) => step ?? 0) }),
        1000,
      ),
    }),
  ),
  response: nothing,
  async handle({ runId, models }, { store }) {
    if (models.length === 0)
      throw new MlflowError("INVALID_PARAMETER_VALUE", "Missing value for required parameter 'models'.");
    await store.logModels(runId, {
      outputs: models.map(({ model_id, step }) => ({ modelId: model_id, step })),
    });
    return {};
  },
});

/** Where clients of version 2 list the models of a run, newest last. */
const historyTag = "mlflow.log-model.history";
const describedModel = z.looseObject({
  artifact_path: z.unknown(),
  flavors: z.unknown(),
  utc_time_created: z.unknown(),
  run_id: z.unknown(),
});

const logModel = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/log-model",
  request: runId.and(z.object({ model_json: requiredText })),
  response: nothing,
  async handle({ runId, model_json }, { store }) {
    const described = parseModel(model_json);
    const { tags } = await store.getRun(runId);
    await store.logBatch(runId, { tags: { [historyTag]: withElement(tags[historyTag], described) } });
    return {};
  },
});

function parseModel(text: string): unknown {
  const refuse = (message: string) => new MlflowError("INVALID_PARAMETER_VALUE", message);
  if (text.length > limits.tag)
    throw refuse(`Model json has ${text.length} characters, at most ${limits.tag} are kept.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refuse(`Malformed model info. \n ${text.slice(0, 1000)} \n is not a valid JSON.`);
  }
  const parsed = describedModel.safeParse(json);
  if (parsed.success) return parsed.data;
  const missing = parsed.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw refuse(`Model json is missing mandatory fields: ${missing}`);
}

export const runInputRoutes = [logInputs, logOutputs, logModel];
