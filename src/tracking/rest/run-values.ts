// What a run logs: metrics, params, tags, alone or in a batch; and the history of a metric.
import { z } from "zod";
import type { Metric } from "../store.ts";
import {
  double,
  entries,
  entryKey,
  int64,
  optionalText,
  repeated,
  requiredText,
  runId,
  runParam,
  runTag,
  toRecord,
} from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";
import { metricReply, metricsReply, toMetric, toNextPage } from "./replies.ts";
import { route } from "./route.ts";

const nothing = z.object({});

const name = z.string("must be text").nullish();

// Without transformations: a batch has a thousand of them.
const metric = z.object({
  key: entryKey,
  value: double,
  timestamp: int64,
  step: int64.nullish(),
  model_id: name,
  dataset_name: name,
  dataset_digest: name,
});

function ofRequest(request: z.output<typeof metric>): Metric {
  const { key, value, timestamp, step, model_id, dataset_name, dataset_digest } = request;
  const plain = { key, value, timestamp, step: step ?? 0 };
  if (!model_id && !dataset_name && !dataset_digest) return plain;
  return {
    ...plain,
    ...(model_id && { modelId: model_id }),
    ...(dataset_name && { datasetName: dataset_name }),
    ...(dataset_digest && { datasetDigest: dataset_digest }),
  };
}

const logMetric = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/log-metric",
  request: runId.and(metric),
  response: nothing,
  async handle({ runId, ...value }, { store }) {
    await store.logBatch(runId, { metrics: [ofRequest(value)] });
    return {};
  },
});

const logParam = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/log-parameter",
  request: runId.and(z.object({ key: entryKey, value: runParam })),
  response: nothing,
  async handle({ runId, key, value }, { store }) {
    await store.logBatch(runId, { params: { [key]: value } });
    return {};
  },
});

const setTag = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/set-tag",
  request: runId.and(z.object({ key: entryKey, value: runTag })),
  response: nothing,
  async handle({ runId, key, value }, { store }) {
    await store.logBatch(runId, { tags: { [key]: value } });
    return {};
  },
});

const deleteTag = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/delete-tag",
  request: runId.and(z.object({ key: requiredText })),
  response: nothing,
  async handle({ runId, key }, { store }) {
    await store.deleteTag(runId, key);
    return {};
  },
});

const logBatch = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/log-batch",
  // The limits of the original; its client splits what is larger.
  request: runId.and(
    z
      .object({
        metrics: repeated(metric, 1000),
        params: entries({ value: runParam, most: 100 }),
        tags: entries({ value: runTag, most: 100 }),
      })
      .refine(
        ({ metrics, params, tags }) => metrics.length + params.length + tags.length <= 1000,
        "a batch holds at most 1000 metrics, params and tags together",
      ),
  ),
  response: nothing,
  async handle({ runId, metrics, params, tags }, { store }) {
    refuseTwoValues(params);
    await store.logBatch(runId, {
      metrics: metrics.map(ofRequest),
      params: toRecord(params),
      tags: toRecord(tags),
    });
    return {};
  },
});

/** A record would silently keep the last of them. */
function refuseTwoValues(params: readonly { key: string; value: string }[]): void {
  const seen = new Map<string, string>();
  for (const { key, value } of params) {
    const before = seen.get(key);
    if (before !== undefined && before !== value) {
      throw new MlflowError(
        "INVALID_PARAMETER_VALUE",
        `Duplicate parameter keys have been submitted: ['${key}']`,
      );
    }
    seen.set(key, value);
  }
}

const metricHistory = route({
  method: "GET",
  path: "/api/2.0/mlflow/metrics/get-history",
  request: runId.and(
    z.object({ metric_key: requiredText, max_results: int64.nullish(), page_token: optionalText }),
  ),
  response: metricsReply,
  async handle({ runId, metric_key, max_results, page_token }, { store }) {
    if (max_results == null && page_token === undefined)
      return { metrics: (await store.metricHistory(runId, metric_key)).map(toMetric) };
    const page = await store.metricHistoryPage(runId, metric_key, {
      maxResults: max_results ?? 25_000,
      ...(page_token !== undefined && { pageToken: page_token }),
    });
    return { metrics: page.items.map(toMetric), ...toNextPage(page) };
  },
});

/** Of the original: so many runs at once, and so many values of each. */
const [mostRuns, mostValues] = [100, 2500];

const sampledHistory = route({
  method: "GET",
  path: "/api/2.0/mlflow/metrics/get-history-bulk-interval",
  request: z.object({
    run_ids: repeated(z.string("must be text"), mostRuns),
    metric_key: requiredText,
    max_results: int64.nullish(),
    start_step: int64.nullish(),
    end_step: int64.nullish(),
  }),
  response: z.object({ metrics: z.array(metricReply) }),
  async handle({ run_ids, metric_key, max_results, start_step, end_step }, { store }) {
    const refuse = (message: string) => new MlflowError("INVALID_PARAMETER_VALUE", message);
    if (run_ids.length === 0) throw refuse("Missing value for required parameter 'run_ids'.");
    const maxResults = max_results ?? mostValues;
    if (maxResults < 1 || maxResults > mostValues)
      throw refuse(`max_results must be between 1 and ${mostValues}.`);
    if ((start_step == null) !== (end_step == null))
      throw refuse("If either start step or end step are specified, both must be specified.");
    if (start_step != null && end_step != null && start_step > end_step)
      throw refuse(
        `end_step must be greater than start_step. Found start_step=${start_step} and end_step=${end_step}.`,
      );
    const steps =
      start_step != null && end_step != null ? { steps: { first: start_step, last: end_step } } : {};
    const values = await store.sampleMetric(run_ids, metric_key, { maxResults, ...steps });
    return { metrics: values.map(({ runId, ...value }) => ({ ...toMetric(value), run_id: runId })) };
  },
});

export const runValueRoutes = [
  logMetric,
  logParam,
  setTag,
  deleteTag,
  logBatch,
  metricHistory,
  sampledHistory,
];
