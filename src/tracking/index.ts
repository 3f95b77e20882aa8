export { describeEnvironment, type Environment, environmentTags } from "./environment.ts";
export { openStore } from "./open-store.ts";
export type { Json, Prediction } from "./prediction.ts";
export { trackingRoutes } from "./rest/tracking-routes.ts";
export type * from "./store.ts";
export { StoreError, type StoreErrorCode } from "./store-error.ts";
