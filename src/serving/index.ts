/** A service: an HTTP application made from a task and an opened model version, its prediction log, and a server for it. */
export { type Clock, systemClock } from "./clock.ts";
export { type HttpServer, type ListenOptions, listen } from "./http-server.ts";
export { openPredictionLog, type PredictionLog, type PredictionLogOptions } from "./prediction-log.ts";
export { type ReadPredictionsOptions, readPredictions } from "./read-predictions.ts";
export type { InputMetric, Servable, ServiceRoute, UploadedFile } from "./servable.ts";
export {
  type ServedModel,
  type Service,
  type ServiceLimits,
  type ServiceOptions,
  service,
} from "./service.ts";
export { processMetrics } from "./service-metrics.ts";
export { ServingError, type ServingErrorCode } from "./serving-error.ts";
