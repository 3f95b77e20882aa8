import type { Logger } from "pino";
import {
  archivePredictions,
  noPredictionLog,
  openPredictionLog,
  type PredictionLog,
  readPredictions,
} from "../serving/index.ts";
import { type ObjectStore, openObjectStore, scopedStore } from "../storage/index.ts";
import type { Prediction } from "../tracking/index.ts";
import type { Context } from "./context.ts";
import type { ServingOptions } from "./serving-options.ts";

/** The prediction log of a project, and what stands in it already. */
export interface ProjectPredictions {
  readonly predictions: PredictionLog;
  /** Missing where nothing is logged. */
  readonly history?: (span: { readonly from: number; readonly to: number }) => AsyncIterable<Prediction>;
}

/** Lines are written into the folder; Parquet and files of inputs go to the store, where there is one. */
export interface PredictionPlace {
  readonly folder: string;
  readonly store?: ObjectStore | undefined;
}

/** In the home folder, and in the store of `HAVN_STORE`. */
export const predictionPlace = async (
  project: string,
  { predictions }: Pick<Context, "predictions">,
): Promise<PredictionPlace> => ({ folder: predictions(project), store: await predictionStore(project) });

export function projectPredictions(
  { folder, store }: PredictionPlace,
  { log, logSample, logRetention }: Pick<ServingOptions, "log" | "logSample" | "logRetention">,
  logger: Logger,
): ProjectPredictions {
  if (!log) return { predictions: noPredictionLog() };
  const written = openPredictionLog(folder, { store, sampleShare: logSample, logger });
  const archive = archivePredictions(folder, { store, retentionDays: logRetention, logger });
  return {
    predictions: {
      add: (prediction) => written.add(prediction),
      flush: () => written.flush(),
      get dropped() {
        return written.dropped;
      },
      async close() {
        await written.close();
        await archive.close();
      },
    },
    history: (span) => readPredictions(folder, { store, ...span }),
  };
}

/** The store that finished segments and files of inputs go to; undefined where they stay in the folder. */
export async function predictionStore(project: string): Promise<ObjectStore | undefined> {
  const address = process.env.HAVN_STORE;
  return address ? scopedStore(await openObjectStore(address), `predictions/${project}`) : undefined;
}
