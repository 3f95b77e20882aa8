import type { Logger } from "pino";
import type { Prediction } from "../tracking/index.ts";
import type { Clock } from "./clock.ts";

/** A prediction on its way into the log: input and answer are whatever JSON can write. */
export type UnwrittenPrediction = Omit<Prediction, "input" | "answer"> & {
  readonly input: unknown;
  readonly answer: unknown;
};

/** Writes down every answer in the background; serving never waits for it and never fails with it. */
export interface PredictionLog {
  /** Takes the prediction into the buffer; written at the next flush. */
  add(prediction: UnwrittenPrediction): void;
  /** Writes what waits; a failure is logged and tried again at the next flush. */
  flush(): Promise<void>;
  /** Flushes for the last time; what could not be written then is lost, logged and counted. */
  close(): Promise<void>;
  /** Predictions that were never written since the log was opened: the buffer was full, or JSON cannot hold them. */
  readonly dropped: number;
}

export interface PredictionLogOptions {
  /** A process killed with -9 loses at most the predictions of this long. */
  readonly flushIntervalMs?: number;
  /** A segment that has grown beyond it is closed and the next one begun. */
  readonly segmentBytes?: number;
  /** What may wait while the disk refuses; predictions beyond it are dropped. */
  readonly bufferBytes?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Names this process's segments, so that several can write into one folder. */
  readonly writer?: string;
}

/** Opens the prediction log of one project below `folder` (`HOME/predictions/PROJECT`), which is made when needed. */
export function openPredictionLog(folder: string, options: PredictionLogOptions = {}): PredictionLog {
  throw new Error(`not written yet: ${folder} ${options}`);
}
