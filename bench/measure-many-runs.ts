/** What the tracking server does with more runs than a project ever has. */
import { openTracker } from "../src/tracking/index.ts";
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
  /** All of 30,000 runs with 100 metrics each, through Havn's client. */
  readonly ownClientRead: ClientRead;
  /** The same through MLflow's. */
  readonly clientRead?: ClientRead & {
    /** Of these, what the client would need with any server: to make its objects of the answers' text. */
    readonly ownSeconds: number;
  };
}

interface ClientRead {
  readonly runs: number;
  readonly metrics: number;
  readonly seconds: number;
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
  return { searches: found, ...(await inFolder((home) => readAll(home, python))) };
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

async function readAll(home: string, python?: string): Promise<Omit<ManyRunsFigures, "searches">> {
  const experiment = await fillTracking(home, 30_000, 100);
  const server = await startHavn(home);
  try {
    const ownClientRead = await readThroughOwnClient(server.url, experiment);
    const words = { uri: server.url, experiment };
    const clientRead =
      python && (await runPeer<ManyRunsFigures["clientRead"] & object>(python, "tracking_read.py", words));
    return { ownClientRead, ...(clientRead && { clientRead }) };
  } finally {
    await server.stop();
  }
}

async function readThroughOwnClient(url: string, experiment: string): Promise<ClientRead> {
  const tracker = openTracker(url);
  const started = performance.now();
  let [runs, metrics] = [0, 0];
  let pageToken: string | undefined;
  do {
    const page = await tracker.searchRuns({
      ...{ experimentIds: [experiment], maxResults: 1000 },
      ...(pageToken !== undefined && { pageToken }),
    });
    runs += page.items.length;
    metrics += page.items.reduce((sum, run) => sum + Object.keys(run.metrics).length, 0);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  const seconds = (performance.now() - started) / 1000;
  await tracker.close();
  return { runs, metrics, seconds };
}
