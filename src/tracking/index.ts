export { describeEnvironment, type Environment, environmentTags } from "./environment.ts";
export { openStore, type StoreOptions } from "./open-store.ts";
export type { Json, Prediction } from "./prediction.ts";
export type * from "./registry-events.ts";
export { type TrackingRoutesOptions, trackingRoutes } from "./rest/tracking-routes.ts";
export type * from "./store.ts";
export { StoreError, type StoreErrorCode } from "./store-error.ts";
export type * from "./sweeps.ts";
