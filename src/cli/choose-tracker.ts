import { join } from "node:path";
import { openTracker, type Tracker } from "../tracking/index.ts";
import type { Context } from "./context.ts";

/**
 * Where a run is logged: at `tracking.uri` of its configuration, else at `MLFLOW_TRACKING_URI`, else in the store of
 * this home. Token, or name and password, are those that MLflow's own clients send.
 */
export function chooseTracker(
  { store, cache }: Pick<Context, "store" | "cache">,
  uri: string | null = null,
  environment: NodeJS.ProcessEnv = process.env,
): Tracker {
  const address = uri ?? environment.MLFLOW_TRACKING_URI;
  if (!address) return store;
  return openTracker(withUser(address, environment), {
    token: environment.MLFLOW_TRACKING_TOKEN,
    cache: join(cache, "tracking"),
  });
}

function withUser(address: string, environment: NodeJS.ProcessEnv): string {
  const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password = "" } = environment;
  if (!user || !URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = user;
  url.password = password;
  return url.href;
}
