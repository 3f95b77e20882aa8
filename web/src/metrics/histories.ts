import { type Metric, metricHistory, type Run } from "../api/runs.ts";

/** The values of one metric of one run, in the order of steps. */
export interface MetricHistory {
  readonly run: Run;
  readonly key: string;
  readonly metrics: readonly Metric[];
}

/** Reads histories of metrics again only when the run has newer values than it had the last time. */
export type HistoryReader = (
  run: Run,
  keys: readonly string[],
  signal: AbortSignal,
) => Promise<MetricHistory[]>;

export function historyReader({ read = metricHistory } = {}): HistoryReader {
  const known = new Map<string, { readonly newest: string; readonly metrics: Metric[] }>();
  return (run, keys, signal) =>
    Promise.all(
      keys.map(async (key) => {
        const latest = run.metrics[key];
        const newest = `${latest?.step} ${latest?.timestamp} ${latest?.value}`;
        const place = JSON.stringify([run.runId, key]);
        const before = known.get(place);
        if (before?.newest === newest) return { run, key, metrics: before.metrics };
        const metrics = latest ? await read(run.runId, key, signal) : [];
        known.set(place, { newest, metrics });
        return { run, key, metrics };
      }),
    );
}
