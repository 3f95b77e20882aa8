import { z } from "zod";
import {
  double,
  entries,
  int64,
  optionalText,
  repeated,
  requiredText,
  runId,
  search,
  toRecord,
  view,
} from "./fields.ts";
import {
  metricsReply,
  runInfoReply,
  runReply,
  runsReply,
  toMetric,
  toNextPage,
  toRun,
  toRunInfo,
} from "./replies.ts";
import { route } from "./route.ts";

const metric = z.object({
  key: requiredText,
  value: double,
  timestamp: int64,
  step: int64.nullish().transform((step) => step ?? 0),
});
const nothing = z.object({});

const createRun = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/create",
  request: z.object({
    experiment_id: requiredText,
    run_name: optionalText,
    start_time: int64.nullish(),
    user_id: optionalText,
    tags: entries(),
  }),
  response: z.object({ run: runReply }),
  async handle({ experiment_id, run_name, start_time, user_id, tags }, { store }) {
    const run = await store.createRun({
      experimentId: experiment_id,
      ...(run_name !== undefined && { name: run_name }),
      // Clients that predate run start times send none or 0.
      ...(start_time ? { startTime: start_time } : {}),
      tags: { ...(user_id !== undefined && { "mlflow.user": user_id }), ...toRecord(tags) },
    });
    return { run: toRun(run) };
  },
});

const getRun = route({
  method: "GET",
  path: "/api/2.0/mlflow/runs/get",
  request: runId,
  response: z.object({ run: runReply }),
  async handle({ runId }, { store }) {
    return { run: toRun(await store.getRun(runId)) };
  },
});

const updateRun = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/update",
  request: runId.and(
    z.object({
      status: z
        .enum(
          ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"],
          "must be RUNNING, SCHEDULED, FINISHED, FAILED or KILLED",
        )
        .nullish(),
      end_time: int64.nullish(),
      run_name: optionalText,
    }),
  ),
  response: z.object({ run_info: runInfoReply }),
  async handle({ runId, status, end_time, run_name }, { store }) {
    const run = await store.updateRun(runId, {
      ...(status && { status }),
      ...(end_time && { endTime: end_time }),
      ...(run_name !== undefined && { name: run_name }),
    });
    return { run_info: toRunInfo(run) };
  },
});

const searchRuns = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/search",
  request: search.and(
    z.object({ experiment_ids: repeated(z.string("must be text"), 1000), run_view_type: view }),
  ),
  response: runsReply,
  async handle({ experiment_ids, run_view_type, ...query }, { store }) {
    const page = await store.searchRuns({ ...query, experimentIds: experiment_ids, view: run_view_type });
    return { runs: page.items.map(toRun), ...toNextPage(page) };
  },
});

const logMetric = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/log-metric",
  request: runId.and(metric),
  response: nothing,
  async handle({ runId, key, value, timestamp, step }, { store }) {
    await store.logBatch(runId, { metrics: [{ key, value, timestamp, step }] });
    return {};
  },
});

const logParam = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/log-parameter",
  request: runId.and(z.object({ key: requiredText, value: z.string("must be text") })),
  response: nothing,
  async handle({ runId, key, value }, { store }) {
    await store.logBatch(runId, { params: { [key]: value } });
    return {};
  },
});

const setTag = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/set-tag",
  request: runId.and(z.object({ key: requiredText, value: z.string("must be text") })),
  response: nothing,
  async handle({ runId, key, value }, { store }) {
    await store.logBatch(runId, { tags: { [key]: value } });
    return {};
  },
});

const logBatch = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/log-batch",
  // The limits of the original; its client splits what is larger.
  request: runId.and(z.object({ metrics: repeated(metric, 1000), params: entries(100), tags: entries(100) })),
  response: nothing,
  async handle({ runId, metrics, params, tags }, { store }) {
    await store.logBatch(runId, { metrics, params: toRecord(params), tags: toRecord(tags) });
    return {};
  },
});

const metricHistory = route({
  method: "GET",
  path: "/api/2.0/mlflow/metrics/get-history",
  request: runId.and(z.object({ metric_key: requiredText })),
  response: metricsReply,
  async handle({ runId, metric_key }, { store }) {
    return { metrics: (await store.metricHistory(runId, metric_key)).map(toMetric) };
  },
});

export const runRoutes = [
  createRun,
  getRun,
  updateRun,
  searchRuns,
  logMetric,
  logParam,
  setTag,
  logBatch,
  metricHistory,
];
