import type { Hono } from "hono";
import type { Store } from "../store.ts";
import { artifactRoutes } from "./artifacts.ts";
import { experimentRoutes } from "./experiments.ts";
import { errorResponse, MlflowError } from "./mlflow-error.ts";
import { registryRoutes } from "./registry.ts";
import { application } from "./route.ts";
import { runRoutes } from "./runs.ts";
import { sweepRoutes } from "./sweeps.ts";

/** A full batch: 1,000 metrics, 100 params of 6,000 and 100 tags of 8,000 characters, each up to 4 bytes. */
const largestBody = 8 * 1024 * 1024;

export interface TrackingRoutesOptions {
  /** Larger request bodies are answered 413. */
  readonly maxBodyBytes?: number;
  /** Hears of errors that nobody foresaw; clients are told no more than that there was one. */
  readonly report?: (error: unknown) => void;
}

/**
 * The MLflow REST API 2.0 over a store, as an application to be mounted at `/`.
 *
 * @see https://mlflow.org/docs/latest/api_reference/rest-api.html
 */
export function trackingRoutes(
  store: Store,
  { maxBodyBytes = largestBody, report = console.error }: TrackingRoutesOptions = {},
): Hono {
  const routes = [...experimentRoutes, ...runRoutes, ...artifactRoutes, ...registryRoutes, ...sweepRoutes];
  const app = application(routes, store, { maxBodyBytes, report });
  app.all("/api/2.0/mlflow/*", ({ req }) =>
    errorResponse(new MlflowError("ENDPOINT_NOT_FOUND", `there is no ${req.method} ${req.path} here`)),
  );
  return app;
}
