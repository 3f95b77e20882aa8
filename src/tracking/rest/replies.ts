// Records of the store in the words of the protocol.
import { z } from "zod";
import type { Dataset, DatasetUse, Experiment, Metric, PrintedPage, PrintedRun, Run } from "../store.ts";
import { experimentUri, runUri } from "./artifact-place.ts";

export const entry = z.object({ key: z.string(), value: z.string() });
export const token = z.string().optional();

/** NaN and the infinities go as text, as protocol buffers write them in JSON. */
const double = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);

export const metricReply = z.object({
  key: z.string(),
  value: double,
  timestamp: z.int(),
  step: z.int(),
  model_id: z.string().optional(),
  dataset_name: z.string().optional(),
  dataset_digest: z.string().optional(),
  run_id: z.string().optional(),
});

const datasetReply = z.object({
  name: z.string(),
  digest: z.string(),
  source_type: z.string(),
  source: z.string(),
  schema: z.string().optional(),
  profile: z.string().optional(),
});

export const datasetSummaryReply = z.object({
  experiment_id: z.string(),
  name: z.string(),
  digest: z.string(),
  context: z.string().optional(),
});

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
    dataset_inputs: z.array(z.object({ tags: z.array(entry), dataset: datasetReply })),
    model_inputs: z.array(z.object({ model_id: z.string() })),
  }),
  outputs: z.object({ model_outputs: z.array(z.object({ model_id: z.string(), step: z.int() })) }),
});

export const experimentsReply = z.object({ experiments: z.array(experimentReply), next_page_token: token });
export const runsReply = z.object({ runs: z.array(runReply), next_page_token: token });
export const metricsReply = z.object({ metrics: z.array(metricReply), next_page_token: token });
export const toEntries = (record: Record<string, string>) =>
  Object.entries(record).map(([key, value]) => ({ key, value }));

export const toNextPage = ({ nextPageToken }: { readonly nextPageToken?: string }) =>
  nextPageToken === undefined ? {} : { next_page_token: nextPageToken };

export function toExperiment(experiment: Experiment): z.input<typeof experimentReply> {
  return {
    experiment_id: experiment.experimentId,
    name: experiment.name,
    artifact_location: experimentUri(experiment),
    lifecycle_stage: experiment.lifecycleStage,
    creation_time: experiment.creationTime,
    last_update_time: experiment.lastUpdateTime,
    tags: toEntries(experiment.tags),
  };
}

export function toMetric(metric: Metric): z.input<typeof metricReply> {
  const { key, value, timestamp, step, modelId, datasetName, datasetDigest } = metric;
  // Nearly all: as they are, without a copy of a hundred thousand of them.
  if (modelId === undefined && Number.isFinite(value)) return metric;
  const written = Number.isFinite(value) ? value : (String(value) as "NaN" | "Infinity" | "-Infinity");
  if (modelId === undefined) return { key, value: written, timestamp, step };
  return {
    ...{ key, value: written, timestamp, step, model_id: modelId },
    ...(datasetName !== undefined && { dataset_name: datasetName }),
    ...(datasetDigest !== undefined && { dataset_digest: datasetDigest }),
  };
}

export function toRunInfo(run: Omit<Run, "metrics">): z.input<typeof runInfoReply> {
  return {
    run_id: run.runId,
    run_uuid: run.runId,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.tags["mlflow.user"] ?? "",
    status: run.status,
    start_time: run.startTime,
    ...(run.endTime !== undefined && { end_time: run.endTime }),
    artifact_uri: runUri(run),
    lifecycle_stage: run.lifecycleStage,
  };
}

export function toRun(run: Run): z.input<typeof runReply> {
  const { params, tags, ...rest } = withoutMetrics(run);
  return { ...rest, data: { metrics: Object.values(run.metrics).map(toMetric), params, tags } };
}

/**
 * The text of a reply with these runs: what `JSON.stringify` would make of `toRun`, around the metrics' own text. A long
 * page is sent part by part: whole, one of 10,000 runs with 100 metrics each took 400 MB.
 */
export async function printRuns({ parts, nextPageToken }: PrintedPage): Promise<string | ReadableStream> {
  const [first, ...others] = parts.map((read) => async () => (await read()).map(printRun).join(","));
  const next = nextPageToken === undefined ? "" : `,"next_page_token":${JSON.stringify(nextPageToken)}`;
  // Read before anything is sent: what goes wrong here is still answered with its status.
  const beginning = `{"runs":[${(await first?.()) ?? ""}`;
  const end = `]${next}}`;
  if (others.length === 0) return beginning + end;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield utf8.encode(beginning);
    for (const print of others) yield utf8.encode(`,${await print()}`);
    yield utf8.encode(end);
  }
  return ReadableStream.from(pieces());
}

const utf8 = new TextEncoder();

function printRun(run: PrintedRun): string {
  const { info, params, tags, inputs, outputs } = withoutMetrics(run);
  const data = `{"metrics":${run.metricsJson},"params":${JSON.stringify(params)},"tags":${JSON.stringify(tags)}}`;
  const rest = JSON.stringify({ inputs, outputs }).slice(1);
  return `{"info":${JSON.stringify(info)},"data":${data},${rest}`;
}

function withoutMetrics(run: Omit<Run, "metrics">) {
  return {
    info: toRunInfo(run),
    params: toEntries(run.params),
    tags: toEntries(run.tags),
    inputs: {
      dataset_inputs: run.datasets.map(toDatasetInput),
      model_inputs: (run.modelInputs ?? []).map((modelId) => ({ model_id: modelId })),
    },
    outputs: {
      model_outputs: (run.modelOutputs ?? []).map(({ modelId, step }) => ({ model_id: modelId, step })),
    },
  };
}

/** What a dataset was used for is a tag of its use in the protocol. */
export const contextTag = "mlflow.data.context";

const toDatasetInput = ({ name, digest, source, sourceType = "local", ...rest }: Dataset) => ({
  tags: toEntries({
    ...(rest.context !== undefined && { [contextTag]: rest.context }),
    ...rest.tags,
  }),
  dataset: {
    ...{ name, digest, source_type: sourceType, source },
    ...(rest.schema !== undefined && { schema: rest.schema }),
    ...(rest.profile !== undefined && { profile: rest.profile }),
  },
});

export const toDatasetSummary = ({ experimentId, name, digest, context }: DatasetUse) => ({
  ...{ experiment_id: experimentId, name, digest },
  ...(context !== undefined && { context }),
});
