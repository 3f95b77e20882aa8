import type { Hono } from "hono";
import type { Store } from "../store.ts";

/** The MLflow REST API 2.0 over a store, to be mounted at `/`. */
export declare function trackingRoutes(store: Store): Hono;
