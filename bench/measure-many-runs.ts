/** What the tracking server does with more runs than a project ever has. */
import { fillTracking } from "./fill-tracking.ts";
import { keepAliveClient } from "./keep-alive-client.ts";
import { inFolder, timed } from "./measure-tracking.ts";
import { runPeer } from "./peer.ts";
import { startHavn } from "./tracking-servers.ts";

export interface ManyRunsFigures {
  /** Pages of 100,000 runs with 20 metrics each. */
  readonly searches: readonly {
    readonly filter: string;
    readonly orderBy: string;
    readonly maxResults: number;
    readonly seconds: number;
  }[];
  /** All of 30,000 runs with 100 metrics each, through MLflow's own client. */
  readonly clientRead?: {
    readonly runs: number;
    readonly metrics: number;
    readonly seconds: number;
    /** Of these, what the client would need with any server: to make its objects of the answers' text. */
    readonly ownSeconds: number;
  };
}

const searches = [
  { filter: "metrics.m3 > 0.5", orderBy: "metrics.m1 DESC", maxResults: 100 },
  { filter: "metrics.m3 > 0.999", orderBy: "metrics.m1 DESC", maxResults: 100 },
  { filter: "metrics.m3 > 0.5 and params.lr = '3'", orderBy: "metrics.m1", maxResults: 100 },
  { filter: "metrics.m3 > 0.5 and tags.preset = 'small'", orderBy: "start_time DESC", maxResults: 100 },
];

/** @param python that has mlflow; without it nothing is read through its client */
export async function measureManyRuns(python?: string): Promise<ManyRunsFigures> {
  const found = await inFolder((home) => searchMany(home));
  const clientRead = python && (await inFolder((home) => readThroughClient(python, home)));
  return { searches: found, ...(clientRead && { clientRead }) };
}

async function searchMany(home: string): Promise<ManyRunsFigures["searches"]> {
  const experiment = await fillTracking(home, 100_000, 20);
  const server = await startHavn(home);
  const client = await keepAliveClient(server.url);
  const found = [];
  for (const search of searches) {
    const { filter, orderBy, maxResults } = search;
    const body = { experiment_ids: [experiment], filter, order_by: [orderBy], max_results: maxResults };
    const seconds = await timed(() => client.call("POST", "/api/2.0/mlflow/runs/search", body));
    found.push({ ...search, seconds });
  }
  client.close();
  await server.stop();
  return found;
}

async function readThroughClient(python: string, home: string) {
  const experiment = await fillTracking(home, 30_000, 100);
  const server = await startHavn(home);
  try {
    return await runPeer<NonNullable<ManyRunsFigures["clientRead"]>>(python, "tracking_read.py", {
      ...{ uri: server.url, experiment },
    });
  } finally {
    await server.stop();
  }
}
