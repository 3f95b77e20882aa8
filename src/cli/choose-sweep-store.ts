/** Where a sweep is kept: agents and their trials work with the same place. */
import { Option } from "commander";
import { shellQuote } from "../config/index.ts";
import { openSweepTracker, StoreError, type SweepStore, type SweepTracker } from "../tracking/index.ts";
import { type TrackingPlace, trackingServer } from "./choose-tracker.ts";

export interface TrackingOptions {
  /** Address of a server that keeps the sweep and its runs. */
  readonly tracking?: string | undefined;
}

export const trackingOption = (): Option =>
  new Option(
    "--tracking <url>",
    "server that keeps runs and sweeps, such as http://host:5000 (MLFLOW_TRACKING_URI)",
  );

/** As options of a command that is to find the same place. */
export const trackingArgument = (tracking: string | null | undefined): string =>
  tracking ? ` --tracking ${shellQuote(tracking)}` : "";

export interface ChooseSweepStoreOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** Told where the sweep is kept, if that is not where its runs are. */
  readonly note?: (message: string) => void;
}

/**
 * The server that was named, else that of MLFLOW_TRACKING_URI, else the store of this home. Where the server is
 * MLflow's own, which knows no sweeps, they are kept in this home and their runs there.
 */
export async function chooseSweepStore(
  place: TrackingPlace,
  tracking: string | null | undefined,
  { environment = process.env, note = () => {} }: ChooseSweepStoreOptions = {},
): Promise<SweepTracker> {
  const server = trackingServer(place, tracking, environment);
  if (!server) return place.store;
  const remote = openSweepTracker(server.url, server.options);
  if (await keepsSweeps(remote)) return remote;
  note("the tracking server knows no sweeps: this one is kept in the home folder, its runs on the server");
  // Nor does it say who moved which alias.
  return { ...remote, ...sweepsOf(place.store), listRegistryEvents: async () => [] };
}

async function keepsSweeps(store: SweepStore): Promise<boolean> {
  try {
    // No project bears this name: nothing but the route is asked for.
    await store.listSweeps({ project: "-" });
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === "not-found") return false;
    throw error;
  }
}

const sweepsOf = (store: SweepStore): SweepStore => ({
  createSweep: (sweep) => store.createSweep(sweep),
  getSweep: (sweepId) => store.getSweep(sweepId),
  listSweeps: (query) => store.listSweeps(query),
  setSweepStatus: (sweepId, status) => store.setSweepStatus(sweepId, status),
  listTrials: (sweepId) => store.listTrials(sweepId),
  claimTrial: (sweepId, claim) => store.claimTrial(sweepId, claim),
  renewTrial: (sweepId, number, renewal) => store.renewTrial(sweepId, number, renewal),
  endTrial: (sweepId, number, agent, end) => store.endTrial(sweepId, number, agent, end),
  giveBackTrial: (sweepId, number, agent) => store.giveBackTrial(sweepId, number, agent),
});
