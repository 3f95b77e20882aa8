/** Where a sweep is kept: agents and their trials work with the same place. */
import { join } from "node:path";
import { Option } from "commander";
import { openSweepTracker, type SweepTracker } from "../tracking/index.ts";
import type { Context } from "./context.ts";

export interface TrackingOptions {
  /** Address of a server that keeps the sweep and its runs. */
  readonly tracking?: string;
}

export const trackingOption = (): Option =>
  new Option(
    "--tracking <url>",
    "server that keeps sweep and runs, such as http://host:5000 (MLFLOW_TRACKING_URI)",
  );

/** The server that was named, else that of MLFLOW_TRACKING_URI, else the store of this home. */
export function chooseSweepStore(
  { store, cache }: Pick<Context, "store" | "cache">,
  tracking: string | null | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): SweepTracker {
  const address = tracking ?? environment.MLFLOW_TRACKING_URI;
  if (!address) return store;
  const token = environment.MLFLOW_TRACKING_TOKEN ?? environment.HAVN_TOKEN;
  return openSweepTracker(address, { token, cache: join(cache, "tracking") });
}
