// Traces. Their spans are artifacts, written by the client to the place that the trace's tags name.
import { z } from "zod";
import type { Trace } from "../trace.ts";
import { traceUri } from "./artifact-place.ts";
import { experimentId, int64, optionalText, repeated, requiredText, tagValue } from "./fields.ts";
import { MlflowError } from "./mlflow-error.ts";
import { token, toNextPage } from "./replies.ts";
import { route } from "./route.ts";

const [v2, v3] = ["/api/2.0/mlflow/traces", "/api/3.0/mlflow/traces"];
const nothing = z.object({});
const texts = z.record(z.string(), z.string());

/** Protocol buffers write times as ISO 8601 and durations as seconds. */
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const duration = z
  .string()
  .regex(/^-?\d+(\.\d+)?s$/, "must be seconds such as 1.5s")
  .transform((text) => Math.round(Number(text.slice(0, -1)) * 1000));

const traceInfo = z.object({
  trace_id: requiredText,
  client_request_id: optionalText,
  trace_location: z.object({ mlflow_experiment: z.object({ experiment_id: experimentId }) }),
  request_preview: optionalText,
  response_preview: optionalText,
  request_time: time,
  execution_duration: duration.nullish(),
  state: z.enum(["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"]).nullish(),
  trace_metadata: texts.nullish(),
  tags: texts.nullish(),
});

const traceReply = z.object({
  trace_id: z.string(),
  trace_location: z.object({
    type: z.literal("MLFLOW_EXPERIMENT"),
    mlflow_experiment: z.object({ experiment_id: z.string() }),
  }),
  request_time: z.string(),
  execution_duration: z.string().optional(),
  state: z.string(),
  client_request_id: z.string().optional(),
  request_preview: z.string().optional(),
  response_preview: z.string().optional(),
  trace_metadata: texts,
  tags: texts,
});
const oneTrace = z.object({ trace: z.object({ trace_info: traceReply }) });

const toTraceInfo = (trace: Trace): z.input<typeof traceReply> => ({
  trace_id: trace.traceId,
  trace_location: {
    type: "MLFLOW_EXPERIMENT",
    mlflow_experiment: { experiment_id: trace.experimentId },
  },
  request_time: new Date(trace.requestTime).toISOString(),
  ...(trace.duration !== undefined && { execution_duration: `${trace.duration / 1000}s` }),
  state: trace.state,
  ...(trace.clientRequestId !== undefined && { client_request_id: trace.clientRequestId }),
  ...(trace.requestPreview !== undefined && { request_preview: trace.requestPreview }),
  ...(trace.responsePreview !== undefined && { response_preview: trace.responsePreview }),
  trace_metadata: trace.metadata,
  tags: trace.tags,
});

/** Where the client is to write the spans. */
const placeTag = "mlflow.artifactLocation";

const startTrace = route({
  method: "POST",
  path: v3,
  request: z.object({ trace: z.object({ trace_info: traceInfo }) }),
  response: oneTrace,
  async handle({ trace: { trace_info: info } }, { store }) {
    const { experiment_id } = info.trace_location.mlflow_experiment;
    const { artifactLocation } = await store.getExperiment(experiment_id);
    const place =
      artifactLocation === undefined
        ? traceUri(info.trace_id)
        : `${artifactLocation.replace(/\/+$/, "")}/traces/${info.trace_id}/artifacts`;
    const trace = await store.putTrace({
      traceId: info.trace_id,
      experimentId: experiment_id,
      requestTime: info.request_time,
      ...(info.execution_duration != null && { duration: info.execution_duration }),
      state: info.state ?? "STATE_UNSPECIFIED",
      ...(info.client_request_id !== undefined && { clientRequestId: info.client_request_id }),
      ...(info.request_preview !== undefined && { requestPreview: info.request_preview }),
      ...(info.response_preview !== undefined && { responsePreview: info.response_preview }),
      metadata: info.trace_metadata ?? {},
      tags: { ...info.tags, [placeTag]: place },
    });
    return { trace: { trace_info: toTraceInfo(trace) } };
  },
});

const getTraceInfo = route({
  method: "GET",
  path: `${v3}/:trace_id{tr-[^/]+}`,
  request: z.object({ trace_id: requiredText }),
  response: oneTrace,
  async handle({ trace_id }, { store }) {
    return { trace: { trace_info: toTraceInfo(await store.getTrace(trace_id)) } };
  },
});

const searchTraces = route({
  method: "POST",
  path: `${v3}/search`,
  needs: "read",
  request: z.object({
    locations: repeated(z.object({ mlflow_experiment: z.object({ experiment_id: experimentId }) }), 1000),
    filter: optionalText,
    order_by: repeated(z.string("must be text"), 100),
    max_results: int64.nullish(),
    page_token: optionalText,
  }),
  response: z.object({ traces: z.array(traceReply), next_page_token: token }),
  async handle({ locations, filter, order_by, max_results, page_token }, { store }) {
    const page = await store.searchTraces({
      experimentIds: locations.map((location) => location.mlflow_experiment.experiment_id),
      orderBy: order_by,
      maxResults: max_results || 100,
      ...(filter !== undefined && { filter }),
      ...(page_token !== undefined && { pageToken: page_token }),
    });
    return { traces: page.items.map(toTraceInfo), ...toNextPage(page) };
  },
});

const batchGetInfos = route({
  method: "POST",
  path: `${v3}/batchGetInfos`,
  needs: "read",
  request: z.object({ trace_ids: repeated(requiredText, 1000) }),
  response: z.object({ trace_infos: z.array(traceReply) }),
  async handle({ trace_ids }, { store }) {
    return { trace_infos: (await store.getTraces(trace_ids)).map(toTraceInfo) };
  },
});

const deleteTraces = [v2, v3].map((prefix) =>
  route({
    method: "POST",
    path: `${prefix}/delete-traces`,
    request: z.object({
      experiment_id: experimentId,
      max_timestamp_millis: int64.nullish(),
      max_traces: int64.nullish(),
      request_ids: repeated(requiredText, 10_000),
    }),
    response: z.object({ traces_deleted: z.int() }),
    async handle({ experiment_id, max_timestamp_millis, max_traces, request_ids }, { store }) {
      if (request_ids.length === 0 && max_timestamp_millis == null) {
        throw new MlflowError(
          "INVALID_PARAMETER_VALUE",
          "Either `max_timestamp_millis` or `trace_ids` must be specified.",
        );
      }
      const gone = await store.deleteTraces(
        experiment_id,
        request_ids.length > 0
          ? { traceIds: request_ids }
          : { until: max_timestamp_millis ?? 0, ...(max_traces != null && { atMost: max_traces }) },
      );
      for (const traceId of gone)
        for (const { name } of await store.files.list(`traces/${traceId}/`)) await store.files.delete(name);
      return { traces_deleted: gone.length };
    },
  }),
);

const tagRoutes = [v2, v3].flatMap((prefix) => [
  route({
    method: "PATCH",
    path: `${prefix}/:trace_id/tags`,
    request: z.object({ trace_id: requiredText, key: requiredText, value: tagValue }),
    response: nothing,
    async handle({ trace_id, key, value }, { store }) {
      await store.setTraceTag(trace_id, key, value);
      return {};
    },
  }),
  route({
    method: "DELETE",
    path: `${prefix}/:trace_id/tags`,
    request: z.object({ trace_id: requiredText, key: requiredText }),
    response: nothing,
    async handle({ trace_id, key }, { store }) {
      await store.deleteTraceTag(trace_id, key);
      return {};
    },
  }),
]);

export const traceRoutes = [
  startTrace,
  searchTraces,
  batchGetInfos,
  ...deleteTraces,
  getTraceInfo,
  ...tagRoutes,
];
