import type { Hono } from "hono";
import type { Store } from "../store.ts";
import { type Access, tokenAccess } from "./access.ts";
import { artifactProxyRoutes } from "./artifact-proxy.ts";
import { artifactRoutes } from "./artifacts.ts";
import { experimentRoutes } from "./experiments.ts";
import { loggedModelRoutes } from "./logged-models.ts";
import { errorResponse, MlflowError } from "./mlflow-error.ts";
import { modelVersionRoutes } from "./model-versions.ts";
import { multipartRoutes } from "./multipart.ts";
import { registryRoutes } from "./registry.ts";
import { application } from "./route.ts";
import { runInputRoutes } from "./run-inputs.ts";
import { runValueRoutes } from "./run-values.ts";
import { runRoutes } from "./runs.ts";
import { serverInfoRoutes } from "./server-info.ts";
import { sweepRoutes } from "./sweeps.ts";
import { traceRoutes } from "./traces.ts";

/** A full batch: 1,000 metrics, 100 params of 6,000 and 100 tags of 8,000 characters, each up to 4 bytes. */
const largestBody = 8 * 1024 * 1024;
/** A checkpoint of a large model; the disk is the owner's to watch. */
const largestArtifact = 64 * 1024 ** 3;

export interface TrackingRoutesOptions {
  /** Larger request bodies are answered 413, files excepted. */
  readonly maxBodyBytes?: number;
  /** Larger files are answered 413. */
  readonly maxArtifactBytes?: number;
  /** Who may read and write; everybody unless given. */
  readonly access?: Access;
  /** Hears of errors that nobody foresaw; clients are told no more than that there was one. */
  readonly report?: (error: unknown) => void;
}

/**
 * The MLflow REST API over a store, as an application to be mounted at `/`: version 2.0, and of 3.0 what the client
 * calls by itself.
 *
 * @see https://mlflow.org/docs/latest/api_reference/rest-api.html
 */
export function trackingRoutes(
  store: Store,
  {
    maxBodyBytes = largestBody,
    maxArtifactBytes = largestArtifact,
    access = tokenAccess({}),
    report = console.error,
  }: TrackingRoutesOptions = {},
): Hono {
  const routes = [
    ...experimentRoutes,
    ...runRoutes,
    ...runValueRoutes,
    ...runInputRoutes,
    ...artifactRoutes,
    ...artifactProxyRoutes,
    ...multipartRoutes,
    ...registryRoutes,
    ...sweepRoutes,
    ...modelVersionRoutes,
    ...loggedModelRoutes,
    ...traceRoutes,
    ...serverInfoRoutes,
  ];
  const app = application(routes, store, { maxBodyBytes, maxArtifactBytes, access, report });
  for (const prefix of ["/api/2.0/mlflow/*", "/api/2.0/mlflow-artifacts/*", "/api/3.0/mlflow/*"]) {
    app.all(prefix, ({ req }) =>
      errorResponse(new MlflowError("ENDPOINT_NOT_FOUND", `there is no ${req.method} ${req.path} here`)),
    );
  }
  return app;
}
