// What MLflow servers answer, read into the records of the store. What ours does not need is not looked at.
import { z } from "zod";
import type { Dataset, Experiment, Metric, ModelVersion, RegisteredModel, Run } from "../store.ts";
import { fromDatasetInput } from "./requests.ts";

/** Protocol buffers as JSON leave out what is empty, and may write a whole number as text. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const int = z.coerce
  .number()
  .nullish()
  .transform((value) => value ?? 0);
const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
const token = text.transform((value) => value || undefined);
const stage = z.enum(["active", "deleted"]).catch("active");

const entries = list(z.object({ key: z.string(), value: text })).transform(
  (pairs): Record<string, string> => Object.fromEntries(pairs.map(({ key, value }) => [key, value])),
);

const named: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, "-Infinity": -Infinity };
const double = z
  .union([z.number(), z.string()])
  .nullish()
  .transform((value) => (typeof value === "string" ? (named[value] ?? Number(value)) : (value ?? 0)));

const metric = z
  .object({
    ...{ key: z.string(), value: double, timestamp: int, step: int },
    ...{ model_id: text, dataset_name: text, dataset_digest: text },
  })
  .transform(
    ({ key, value, timestamp, step, model_id, dataset_name, dataset_digest }): Metric => ({
      ...{ key, value, timestamp, step },
      ...(model_id && { modelId: model_id }),
      ...(dataset_name && { datasetName: dataset_name }),
      ...(dataset_digest && { datasetDigest: dataset_digest }),
    }),
  );

const datasetInput = z
  .object({
    tags: entries,
    dataset: z.object({
      ...{ name: text, digest: text, source_type: text, source: text, schema: text, profile: text },
    }),
  })
  .transform(({ tags, dataset }): Dataset => {
    const { name, digest, source, source_type, schema, profile } = dataset;
    const read = {
      ...{ name, digest, source },
      ...(source_type && source_type !== "local" && { sourceType: source_type }),
      ...(schema && { schema }),
      ...(profile && { profile }),
    };
    return fromDatasetInput(read, tags);
  });

const experiment = z
  .object({
    ...{ experiment_id: z.string(), name: z.string(), lifecycle_stage: stage, tags: entries },
    ...{ creation_time: int, last_update_time: int },
  })
  .transform(
    (reply): Experiment => ({
      experimentId: reply.experiment_id,
      name: reply.name,
      lifecycleStage: reply.lifecycle_stage,
      creationTime: reply.creation_time,
      lastUpdateTime: reply.last_update_time,
      tags: reply.tags,
    }),
  );

/** A run, and the URI of its files. */
export interface RemoteRun {
  readonly run: Run;
  readonly artifactUri: string;
}

const status = z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]);

const remoteRun = z
  .object({
    info: z.object({
      ...{ run_id: z.string(), experiment_id: z.string(), run_name: text, status, lifecycle_stage: stage },
      ...{ start_time: int, end_time: z.coerce.number().nullish(), artifact_uri: text },
    }),
    data: z
      .object({ metrics: list(metric), params: entries, tags: entries })
      .nullish()
      .transform((data) => data ?? { metrics: [], params: {}, tags: {} }),
    inputs: z.object({ dataset_inputs: list(datasetInput) }).nullish(),
  })
  .transform(({ info, data: { metrics, params, tags }, inputs }): RemoteRun => {
    const run = {
      runId: info.run_id,
      experimentId: info.experiment_id,
      name: info.run_name,
      status: info.status,
      lifecycleStage: info.lifecycle_stage,
      startTime: info.start_time,
      ...(info.end_time && { endTime: info.end_time }),
      ...{ params, tags, datasets: inputs?.dataset_inputs ?? [] },
      metrics: Object.fromEntries(metrics.map((metric) => [metric.key, metric])),
    };
    return { run, artifactUri: info.artifact_uri };
  });

const modelVersion = z
  .object({
    ...{ name: z.string(), version: z.coerce.number(), description: text, source: text, run_id: text },
    ...{ creation_timestamp: int, last_updated_timestamp: int, tags: entries, aliases: list(z.string()) },
    ...{ run_link: text, model_id: text },
    current_stage: z.enum(["None", "Staging", "Production", "Archived"]).catch("None"),
  })
  .transform(
    (reply): ModelVersion => ({
      name: reply.name,
      version: reply.version,
      description: reply.description,
      creationTime: reply.creation_timestamp,
      lastUpdateTime: reply.last_updated_timestamp,
      source: reply.source,
      stage: reply.current_stage,
      tags: reply.tags,
      aliases: reply.aliases,
      ...(reply.run_id && { runId: reply.run_id }),
      ...(reply.run_link && { runLink: reply.run_link }),
      ...(reply.model_id && { modelId: reply.model_id }),
    }),
  );

const registeredModel = z
  .object({
    ...{ name: z.string(), description: text, creation_timestamp: int, last_updated_timestamp: int },
    tags: entries,
    aliases: list(z.object({ alias: z.string(), version: z.coerce.number() })),
  })
  .transform(
    (reply): RegisteredModel => ({
      name: reply.name,
      description: reply.description,
      creationTime: reply.creation_timestamp,
      lastUpdateTime: reply.last_updated_timestamp,
      tags: reply.tags,
      aliases: Object.fromEntries(reply.aliases.map(({ alias, version }) => [alias, version])),
    }),
  );

export const experimentReply = z.object({ experiment });
export const experimentIdReply = z.object({ experiment_id: z.string() });
export const experimentsReply = z.object({ experiments: list(experiment), next_page_token: token });
export const runReply = z.object({ run: remoteRun });
export const runsReply = z.object({ runs: list(remoteRun), next_page_token: token });
export const metricsReply = z.object({ metrics: list(metric), next_page_token: token });
export const modelReply = z.object({ registered_model: registeredModel });
export const modelsReply = z.object({ registered_models: list(registeredModel), next_page_token: token });
export const versionReply = z.object({ model_version: modelVersion });
export const versionsReply = z.object({ model_versions: list(modelVersion), next_page_token: token });
