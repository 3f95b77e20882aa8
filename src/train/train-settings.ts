import type { ScheduleSettings } from "./schedules.ts";

/** The metric that decides which checkpoint is the best. */
export interface Monitor {
  /** Such as `validation_accuracy` or `validation_loss`. */
  readonly metric: string;
  readonly goal: "maximise" | "minimise";
  /** Epochs without a better value after which training stops; never, unless given. */
  readonly patience?: number;
}

/** What decides the numbers of a run: two runs with equal settings and data end with equal parameters. */
export interface TrainSettings {
  readonly epochs: number;
  /** Rows of a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches of one optimizer step. */
  readonly accumulate: number;
  /** The schedule's multiplier times this is the rate of a step. */
  readonly learningRate: number;
  readonly schedule: ScheduleSettings;
  readonly monitor: Monitor;
  /** Decides the order of the rows, together with the epoch. */
  readonly seed: number;
}
