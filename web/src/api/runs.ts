import * as z from "zod/mini";
import { request } from "./request.ts";
import { double, entries, int64, list } from "./wire.ts";

const metric = z.object({
  key: z.string(),
  value: double,
  /** Milliseconds since 1970, as all times here. */
  timestamp: int64,
  step: int64,
});

export type Metric = z.output<typeof metric>;

const dataset = z.pipe(
  z.object({
    tags: entries,
    dataset: z.object({
      name: z.string(),
      digest: z.string(),
      source: z.string(),
      profile: z.optional(z.string()),
    }),
  }),
  z.transform(({ tags, dataset }) => ({
    ...dataset,
    /** What it was used for: `training`, `validation`, `test`. */
    context: tags["mlflow.data.context"],
  })),
);

export type Dataset = z.output<typeof dataset>;

const status = z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]);

export type RunStatus = z.output<typeof status>;

const run = z.pipe(
  z.object({
    info: z.object({
      run_id: z.string(),
      run_name: z.optional(z.string()),
      experiment_id: z.string(),
      status,
      start_time: int64,
      end_time: z.nullish(int64),
    }),
    data: z.object({ metrics: list(metric), params: entries, tags: entries }),
    inputs: z.optional(z.object({ dataset_inputs: list(dataset) })),
  }),
  z.transform(({ info, data, inputs }) => ({
    runId: info.run_id,
    name: info.run_name || info.run_id.slice(0, 8),
    experimentId: info.experiment_id,
    status: info.status,
    startTime: info.start_time,
    /** Missing while the run goes on. */
    endTime: info.end_time || undefined,
    /** Of each key the newest value. */
    metrics: Object.fromEntries(data.metrics.map((metric) => [metric.key, metric])) as Partial<
      Record<string, Metric>
    >,
    params: data.params as Partial<Record<string, string>>,
    tags: data.tags as Partial<Record<string, string>>,
    datasets: inputs?.dataset_inputs ?? [],
  })),
);

export type Run = z.output<typeof run>;

export interface RunQuery {
  readonly experimentIds: readonly string[];
  /** In MLflow's grammar, such as `metrics.validation_accuracy > 0.7`. */
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly maxResults?: number;
  readonly pageToken?: string | undefined;
}

export interface RunPage {
  readonly runs: Run[];
  readonly nextPageToken: string | undefined;
}

export async function searchRuns(
  { experimentIds, filter = "", orderBy = [], maxResults = 100, pageToken }: RunQuery,
  signal?: AbortSignal,
): Promise<RunPage> {
  // Without an experiment there is nothing to search, and servers refuse the question.
  if (experimentIds.length === 0) return { runs: [], nextPageToken: undefined };
  const answer = await request(
    "api/2.0/mlflow/runs/search",
    z.object({ runs: list(run), next_page_token: z.optional(z.string()) }),
    {
      body: {
        experiment_ids: experimentIds,
        filter,
        order_by: orderBy,
        max_results: maxResults,
        ...(pageToken && { page_token: pageToken }),
      },
      ...(signal && { signal }),
    },
  );
  return { runs: answer.runs, nextPageToken: answer.next_page_token || undefined };
}

export async function getRun(runId: string, signal?: AbortSignal): Promise<Run> {
  const answer = await request("api/2.0/mlflow/runs/get", z.object({ run }), {
    query: { run_id: runId },
    ...(signal && { signal }),
  });
  return answer.run;
}

/** Every value of a metric, in the order of its steps. */
export async function metricHistory(runId: string, key: string, signal?: AbortSignal): Promise<Metric[]> {
  const { metrics } = await request(
    "api/2.0/mlflow/metrics/get-history",
    z.object({ metrics: list(metric) }),
    {
      query: { run_id: runId, metric_key: key },
      ...(signal && { signal }),
    },
  );
  return metrics.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp);
}
