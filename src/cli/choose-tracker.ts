import { join } from "node:path";
import { openTracker, type Tracker, type TrackerOptions } from "../tracking/index.ts";
import type { Context } from "./context.ts";

/** What is needed of a command's context. */
export type TrackingPlace = Pick<Context, "store" | "cache">;

/**
 * Where a run is logged: at `tracking.uri` of its configuration, else at `MLFLOW_TRACKING_URI`, else in the store of
 * this home.
 */
export function chooseTracker(
  place: TrackingPlace,
  uri?: string | null,
  environment: NodeJS.ProcessEnv = process.env,
): Tracker {
  const server = trackingServer(place, uri, environment);
  return server ? openTracker(server.url, server.options) : place.store;
}

/** A server, with the token or the name and password that MLflow's own clients send; undefined where this home is meant. */
export function trackingServer(
  { cache }: Pick<Context, "cache">,
  uri: string | null | undefined,
  environment: NodeJS.ProcessEnv,
): { readonly url: string; readonly options: TrackerOptions } | undefined {
  const address = uri ?? environment.MLFLOW_TRACKING_URI;
  if (!address) return undefined;
  const token = environment.MLFLOW_TRACKING_TOKEN ?? environment.HAVN_TOKEN;
  return {
    url: withUser(address, environment),
    options: { token, cache: join(cache, "tracking") },
  };
}

function withUser(address: string, environment: NodeJS.ProcessEnv): string {
  const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password = "" } = environment;
  if (!user || !URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = user;
  url.password = password;
  return url.href;
}
