import { printFilter } from "../search/filter.ts";
import type { Dataset, Metric, NewRun, Run, RunBatch, Tracker } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { type Connection, nothing } from "./connection.ts";
import { metricsReply, type RemoteRun, runReply, runsReply } from "./replies.ts";
import {
  isExperimentId,
  noExperiment,
  toDatasetInput,
  toEntries,
  toMetric,
  toPage,
  toSearch,
  toView,
  withShortDigest,
} from "./requests.ts";

/** What one call of `log-batch` may carry, to the original and to ours. */
const mostMetrics = 1000;
const mostEntries = 100;

type RemoteRuns = Pick<
  Tracker,
  | "createRun"
  | "getRun"
  | "updateRun"
  | "deleteRun"
  | "restoreRun"
  | "logBatch"
  | "deleteTag"
  | "logDataset"
  | "metricHistory"
  | "searchRuns"
> & { readRun(runId: string): Promise<RemoteRun> };

/** Runs of an MLflow server. */
export function remoteRuns({ call }: Connection, now: () => number): RemoteRuns {
  async function readRun(runId: string): Promise<RemoteRun> {
    return (await call("GET", "runs/get", { run_id: runId }, runReply)).run;
  }

  async function createRun({ params = {}, tags = {}, ...run }: NewRun): Promise<Run> {
    const { experimentId, name, startTime = now() } = run;
    if (!isExperimentId(experimentId)) throw noExperiment(experimentId);
    const body = { experiment_id: experimentId, start_time: startTime, tags: toEntries(tags) };
    const named = name || tags["mlflow.runName"];
    const { run: made } = await call(
      "POST",
      "runs/create",
      { ...body, ...(name && { run_name: name }) },
      runReply,
      {
        recover: () => findLost(experimentId, startTime, named, tags),
      },
    );
    const { runId } = made.run;
    if (Object.keys(params).length === 0) return made.run;
    await logBatch(runId, { params });
    return getRun(runId);
  }

  /**
   * The run that a call made whose answer was lost: of the same moment, name and tags, and with nothing in it yet.
   * A run without a name is made again: it cannot be told from another client's.
   */
  async function findLost(
    experimentId: string,
    startTime: number,
    name: string | undefined,
    tags: Readonly<Record<string, string>>,
  ) {
    if (!name) return undefined;
    const filter = printFilter([
      { entity: "attribute", key: "start_time", comparator: "=", value: startTime },
      { entity: "attribute", key: "run_name", comparator: "=", value: name },
    ]);
    const body = { experiment_ids: [experimentId], filter, max_results: 10 };
    const { runs } = await call("POST", "runs/search", body, runsReply);
    const found = runs.find(
      ({ run }) =>
        Object.keys(run.metrics).length + Object.keys(run.params).length === 0 &&
        Object.entries(tags).every(([key, value]) => run.tags[key] === value),
    );
    return found && { run: found };
  }

  const getRun = async (runId: string): Promise<Run> => (await readRun(runId)).run;

  /** Goes in as few calls as the protocol allows. All that a call writes can be written again without harm. */
  async function logBatch(runId: string, { metrics = [], params = {}, tags = {} }: RunBatch): Promise<void> {
    checkValues(metrics);
    const rest = { metrics: [...metrics], params: toEntries(params), tags: toEntries(tags) };
    do {
      const body = {
        run_id: runId,
        params: rest.params.splice(0, mostEntries),
        tags: rest.tags.splice(0, mostEntries),
        metrics: rest.metrics.splice(0, mostMetrics - 2 * mostEntries).map(toMetric),
      };
      await call("POST", "runs/log-batch", body, nothing);
    } while (rest.metrics.length + rest.params.length + rest.tags.length > 0);
  }

  const post = async (verb: string, body: Record<string, unknown>) =>
    void (await call("POST", `runs/${verb}`, body, nothing));

  return {
    readRun,
    createRun,
    getRun,
    logBatch,
    async updateRun(runId, { status, endTime, name }) {
      await post("update", {
        run_id: runId,
        ...(status && { status }),
        ...(endTime !== undefined && { end_time: endTime }),
        ...(name && { run_name: name }),
      });
      return getRun(runId);
    },
    deleteRun: (runId) => post("delete", { run_id: runId }),
    restoreRun: (runId) => post("restore", { run_id: runId }),
    deleteTag: (runId, key) => post("delete-tag", { run_id: runId, key }),
    async logDataset(runId, dataset) {
      const log = (written: Dataset) =>
        post("log-inputs", { run_id: runId, datasets: [toDatasetInput(written)] });
      try {
        await log(dataset);
      } catch (error) {
        const isTooLong = error instanceof StoreError && /digest.*maximum length/.test(error.message);
        if (!isTooLong) throw error;
        await log(withShortDigest(dataset));
      }
    },
    async metricHistory(runId, key) {
      const history: Metric[] = [];
      let token: string | undefined;
      do {
        const body = { run_id: runId, metric_key: key, max_results: 25_000, page_token: token };
        const reply = await call("GET", "metrics/get-history", body, metricsReply);
        history.push(...reply.metrics);
        token = reply.next_page_token;
      } while (token !== undefined);
      return history.sort((a, b) => a.timestamp - b.timestamp || a.step - b.step);
    },
    async searchRuns({ experimentIds, view, ...query }) {
      const ids = experimentIds.filter(isExperimentId);
      if (ids.length === 0) return { items: [] };
      const body = { ...toSearch(query), experiment_ids: ids, run_view_type: toView(view) };
      const { runs, next_page_token } = await call("POST", "runs/search", body, runsReply);
      return toPage(
        runs.map(({ run }) => run),
        next_page_token,
      );
    },
  };
}

/** Servers would read a step of 0.5 as 0. */
function checkValues(metrics: readonly Metric[]): void {
  for (const { key, timestamp, step } of metrics) {
    for (const [what, value] of [
      ["timestamp", timestamp],
      ["step", step],
    ] as const) {
      if (Number.isSafeInteger(value)) continue;
      const message = `${what} of metric ${key} must be a whole number below 2^53, got ${value}`;
      throw new StoreError("invalid", `${what} of metric ${key}`, message);
    }
  }
}
