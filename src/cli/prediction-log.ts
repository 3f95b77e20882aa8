import type { Logger } from "pino";
import { noPredictionLog, openPredictionLog, type PredictionLog } from "../serving/index.ts";
import type { Context } from "./context.ts";
import type { ServingOptions } from "./serving-options.ts";

/** The prediction log of a project in the home folder, as the options want it. */
export function predictionLog(
  project: string,
  { predictions }: Pick<Context, "predictions">,
  { log }: Pick<ServingOptions, "log" | "logSample" | "logRetention">,
  logger: Logger,
): PredictionLog {
  return log ? openPredictionLog(predictions(project), { logger }) : noPredictionLog();
}
