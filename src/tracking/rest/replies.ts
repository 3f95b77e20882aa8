// Records of the store in the words of the protocol.
import { z } from "zod";
import type { Experiment, Metric, ModelVersion, RegisteredModel, Run } from "../store.ts";

const entry = z.object({ key: z.string(), value: z.string() });
const token = z.string().optional();

/** NaN and the infinities go as text, as protocol buffers write them in JSON. */
const double = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);

export const metricReply = z.object({ key: z.string(), value: double, timestamp: z.int(), step: z.int() });

export const experimentReply = z.object({
  experiment_id: z.string(),
  name: z.string(),
  artifact_location: z.string(),
  lifecycle_stage: z.string(),
  creation_time: z.int(),
  last_update_time: z.int(),
  tags: z.array(entry),
});

export const runInfoReply = z.object({
  run_id: z.string(),
  run_uuid: z.string(),
  run_name: z.string(),
  experiment_id: z.string(),
  user_id: z.string(),
  status: z.string(),
  start_time: z.int(),
  end_time: z.int().optional(),
  artifact_uri: z.string(),
  lifecycle_stage: z.string(),
});

export const runReply = z.object({
  info: runInfoReply,
  data: z.object({ metrics: z.array(metricReply), params: z.array(entry), tags: z.array(entry) }),
  inputs: z.object({
    dataset_inputs: z.array(
      z.object({
        tags: z.array(entry),
        dataset: z.object({
          name: z.string(),
          digest: z.string(),
          source_type: z.string(),
          source: z.string(),
          profile: z.string().optional(),
        }),
      }),
    ),
  }),
});

export const modelVersionReply = z.object({
  name: z.string(),
  version: z.string(),
  creation_timestamp: z.int(),
  last_updated_timestamp: z.int(),
  current_stage: z.literal("None"),
  description: z.string(),
  source: z.string(),
  run_id: z.string(),
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

export const experimentsReply = z.object({ experiments: z.array(experimentReply), next_page_token: token });
export const runsReply = z.object({ runs: z.array(runReply), next_page_token: token });
export const metricsReply = z.object({ metrics: z.array(metricReply), next_page_token: token });
export const registeredModelsReply = z.object({
  registered_models: z.array(registeredModelReply),
  next_page_token: token,
});
export const modelVersionsReply = z.object({
  model_versions: z.array(modelVersionReply),
  next_page_token: token,
});

/** Where clients find a run's files: behind this server. */
export const artifactUri = (runId: string) => `mlflow-artifacts:/${runId}`;

const toEntries = (record: Record<string, string>) =>
  Object.entries(record).map(([key, value]) => ({ key, value }));

export const toNextPage = ({ nextPageToken }: { readonly nextPageToken?: string }) =>
  nextPageToken === undefined ? {} : { next_page_token: nextPageToken };

export function toExperiment(experiment: Experiment): z.input<typeof experimentReply> {
  return {
    experiment_id: experiment.experimentId,
    name: experiment.name,
    artifact_location: "mlflow-artifacts:/",
    lifecycle_stage: experiment.lifecycleStage,
    creation_time: experiment.creationTime,
    last_update_time: experiment.lastUpdateTime,
    tags: toEntries(experiment.tags),
  };
}

export function toMetric({ key, value, timestamp, step }: Metric): z.input<typeof metricReply> {
  const written = Number.isFinite(value) ? value : (String(value) as "NaN" | "Infinity" | "-Infinity");
  return { key, value: written, timestamp, step };
}

export function toRunInfo(run: Run): z.input<typeof runInfoReply> {
  return {
    run_id: run.runId,
    run_uuid: run.runId,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.tags["mlflow.user"] ?? "",
    status: run.status,
    start_time: run.startTime,
    ...(run.endTime !== undefined && { end_time: run.endTime }),
    artifact_uri: artifactUri(run.runId),
    lifecycle_stage: run.lifecycleStage,
  };
}

export function toRun(run: Run): z.input<typeof runReply> {
  return {
    info: toRunInfo(run),
    data: {
      metrics: Object.values(run.metrics).map(toMetric),
      params: toEntries(run.params),
      tags: toEntries(run.tags),
    },
    inputs: {
      dataset_inputs: run.datasets.map(({ name, digest, source, profile, context }) => ({
        tags: context === undefined ? [] : [{ key: "mlflow.data.context", value: context }],
        dataset: { name, digest, source_type: "local", source, ...(profile !== undefined && { profile }) },
      })),
    },
  };
}

export function toModelVersion(version: ModelVersion): z.input<typeof modelVersionReply> {
  return {
    name: version.name,
    version: String(version.version),
    creation_timestamp: version.creationTime,
    last_updated_timestamp: version.lastUpdateTime,
    current_stage: "None",
    description: version.description,
    source: version.source,
    run_id: version.runId ?? "",
    status: "READY",
    tags: toEntries(version.tags),
    aliases: version.aliases,
  };
}

/** @param latest the newest version, where there is one: stages are gone, so it is the latest of the only one */
export function toRegisteredModel(
  model: RegisteredModel,
  latest: ModelVersion | undefined,
): z.input<typeof registeredModelReply> {
  return {
    name: model.name,
    creation_timestamp: model.creationTime,
    last_updated_timestamp: model.lastUpdateTime,
    description: model.description,
    latest_versions: latest ? [toModelVersion(latest)] : [],
    tags: toEntries(model.tags),
    aliases: Object.entries(model.aliases).map(([alias, version]) => ({ alias, version: String(version) })),
  };
}
