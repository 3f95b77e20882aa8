/** A service: an HTTP application made from a task and an opened model version, its prediction log, and a server for it. */

export { type Application, type HttpServer, type ListenOptions, listen } from "../http/index.ts";
export { type ArchiveOptions, archivePredictions, type PredictionArchive } from "./archive-predictions.ts";
export type { ServiceEnv } from "./call.ts";
export { type Clock, systemClock } from "./clock.ts";
export { defaultDeadlineMs } from "./inference-queue.ts";
export {
  type AnswerCheck,
  type LoadOptions,
  type LoadReport,
  type LoadRequest,
  loadPage,
  runLoad,
} from "./load/index.ts";
export {
  noPredictionLog,
  openPredictionLog,
  type PredictionLog,
  type PredictionLogOptions,
} from "./prediction-log.ts";
export { type ReadPredictionsOptions, readPredictions } from "./read-predictions.ts";
export { readsOf } from "./request-hint.ts";
export type {
  InputMetric,
  OpenedServable,
  Servable,
  ServableModel,
  ServiceRoute,
  UploadedFile,
} from "./servable.ts";
export {
  type ModelTensors,
  openServedModel,
  type ServedModel,
  type ServedModelOptions,
  type ServingLimits,
} from "./served-model.ts";
export { expectService, servedProject } from "./served-project.ts";
export { type Service, type ServiceHistory, type ServiceOptions, service } from "./service.ts";
export { processMetrics } from "./service-metrics.ts";
export { ServingError, type ServingErrorCode } from "./serving-error.ts";
export type { ServableSource } from "./thread-messages.ts";
