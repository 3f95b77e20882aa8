/** The tracking server's speed, beside that of the Python MLflow server on the same machine. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type KeepAliveClient, keepAliveClient } from "./keep-alive-client.ts";
import { startHavn, startMlflow, type TrackingServer } from "./tracking-servers.ts";

export interface TrackingBench {
  /** How long each rate is measured. */
  readonly seconds: number;
  /** Runs of the search, with ten metrics each. */
  readonly runs: number;
}

export interface TrackingFigures {
  readonly readySeconds: number;
  readonly logMetricPerSecond: number;
  readonly logMetricPerSecondOfEight: number;
  /** Batches of 1,000 metrics. */
  readonly logBatchPerSecond: number;
  readonly createRunPerSecond: number;
  /** One page of 1,000 runs, filtered and ordered by metrics. */
  readonly searchSeconds: number;
  /** 10,000 values of one metric. */
  readonly historySeconds: number;
  /** Of all processes, after all of that. */
  readonly residentBytes: number;
}

export async function measureTracking(options: TrackingBench): Promise<TrackingFigures> {
  return inFolder((folder) => measured(() => startHavn(folder), options));
}

/** @param python that has mlflow */
export async function measureMlflow(python: string, options: TrackingBench): Promise<TrackingFigures> {
  return inFolder((folder) => measured(() => startMlflow(python, folder), options));
}

/** How many times as good ours is; of `residentBytes` and seconds, how many times as small. */
export function trackingRatios(ours: TrackingFigures, theirs: TrackingFigures): TrackingFigures {
  const ratio = (key: keyof TrackingFigures) =>
    key.includes("PerSecond") ? ours[key] / theirs[key] : theirs[key] / ours[key];
  const keys = Object.keys(ours) as (keyof TrackingFigures)[];
  return Object.fromEntries(keys.map((key) => [key, ratio(key)])) as unknown as TrackingFigures;
}

export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "havn-bench-tracking-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measured(
  start: () => Promise<TrackingServer>,
  { seconds, runs }: TrackingBench,
): Promise<TrackingFigures> {
  const server = await start();
  const clients = await Promise.all(Array.from({ length: 8 }, () => keepAliveClient(server.url)));
  try {
    const [one] = clients as [KeepAliveClient];
    const runIds = await Promise.all(clients.map((client) => newRun(client)));
    let step = 0;
    const logMetric = (client: KeepAliveClient, i: number) =>
      client.call("POST", `${api}/runs/log-metric`, { run_id: runIds[i], ...metric("loss", step++) });
    const logBatch = (client: KeepAliveClient, i: number) => {
      const metrics = Array.from({ length: 1000 }, (_, k) => metric(`batched-${k % 10}`, step++));
      return client.call("POST", `${api}/runs/log-batch`, { run_id: runIds[i], metrics });
    };
    const logMetricPerSecond = await rate([one], seconds, logMetric);
    const logMetricPerSecondOfEight = await rate(clients, seconds, logMetric);
    const logBatchPerSecond = await rate([one], seconds, logBatch);
    const createRunPerSecond = await rate([one], seconds, newRun);
    const historySeconds = await measureHistory(one);
    const searchSeconds = await measureSearch(clients, runs);
    return {
      readySeconds: server.readySeconds,
      ...{ logMetricPerSecond, logMetricPerSecondOfEight, logBatchPerSecond, createRunPerSecond },
      ...{ searchSeconds, historySeconds, residentBytes: server.residentBytes() },
    };
  } finally {
    for (const client of clients) client.close();
    await server.stop();
  }
}

const api = "/api/2.0/mlflow";
const metric = (key: string, step: number) => ({
  key,
  value: Math.sin(step),
  timestamp: 1_700_000_000_000 + step,
  step,
});

async function newRun(client: KeepAliveClient, experiment: string | number = "0"): Promise<string> {
  const body = {
    experiment_id: String(experiment),
    start_time: 1_700_000_000_000,
    run_name: "bench",
    tags: [],
  };
  const reply = await client.call("POST", `${api}/runs/create`, body);
  return z.object({ run: z.object({ info: z.object({ run_id: z.string() }) }) }).parse(JSON.parse(reply)).run
    .info.run_id;
}

/** Calls a second, each client making its next call when it has the answer to the last. */
async function rate(
  clients: readonly KeepAliveClient[],
  seconds: number,
  call: (client: KeepAliveClient, i: number) => Promise<unknown>,
): Promise<number> {
  const untilTime = async (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    const counts = await Promise.all(
      clients.map(async (client, i) => {
        let count = 0;
        for (; performance.now() < end; count++) await call(client, i);
        return count;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };
  await untilTime(seconds * 200);
  const start = performance.now();
  const count = await untilTime(seconds * 1000);
  return (1000 * count) / (performance.now() - start);
}

/** The median of five. */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[2]! / 1000;
}

async function measureHistory(client: KeepAliveClient): Promise<number> {
  const run = await newRun(client);
  for (let batch = 0; batch < 10; batch++) {
    const metrics = Array.from({ length: 1000 }, (_, i) => metric("long", batch * 1000 + i));
    await client.call("POST", `${api}/runs/log-batch`, { run_id: run, metrics });
  }
  const path = `${api}/metrics/get-history?run_id=${run}&metric_key=long&max_results=25000`;
  const seconds = await timed(async () => {
    const { metrics } = z
      .object({ metrics: z.array(z.unknown()) })
      .parse(JSON.parse(await client.call("GET", path)));
    if (metrics.length !== 10_000) throw new Error(`the history has ${metrics.length} values, not 10,000`);
  });
  return seconds;
}

async function measureSearch(clients: readonly KeepAliveClient[], count: number): Promise<number> {
  const [one] = clients as [KeepAliveClient];
  const reply = await one.call("POST", `${api}/experiments/create`, { name: "searched" });
  const { experiment_id } = z.object({ experiment_id: z.string() }).parse(JSON.parse(reply));
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (let i = next++; i < count; i = next++) {
        const run_id = await newRun(client, experiment_id);
        const metrics = Array.from({ length: 10 }, (_, k) => ({
          ...metric(`m${k}`, 1),
          value: Math.sin(i * (k + 1)),
        }));
        const params = [{ key: "lr", value: String(i % 10) }];
        await client.call("POST", `${api}/runs/log-batch`, { run_id, metrics, params });
      }
    }),
  );
  const query = {
    experiment_ids: [experiment_id],
    filter: "metrics.m3 > 0 and params.lr != '5'",
    order_by: ["metrics.m1 DESC"],
    max_results: 1000,
  };
  return timed(() => one.call("POST", `${api}/runs/search`, query));
}
