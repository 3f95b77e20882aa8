import type { TrainingSession } from "../tensor/index.ts";
import type { MetricLog } from "./metric-log.ts";
import type { Report } from "./report.ts";
import type { TrainSettings } from "./train-settings.ts";
import type { Trainable } from "./trainable.ts";

/** How a run ended: all epochs done, no improvement for `patience` epochs, or stopped from outside. */
export type TrainStatus = "finished" | "stopped-early" | "interrupted";

/** Where and how often a run is made safe. */
export interface CheckpointOptions {
  /** A folder of this run alone. */
  readonly folder: string;
  /** How often within an epoch; at each epoch's end there is one anyway. */
  readonly every: { readonly steps: number } | { readonly seconds: number };
  /** Continue from the newest whole checkpoint of the folder; refused when the settings differ. */
  readonly resume?: boolean;
  /** The command that continues this run, told when it is interrupted. */
  readonly resumeCommand?: string;
}

export interface TrainOptions<Row, Example, Outcome> {
  readonly session: TrainingSession;
  readonly trainable: Trainable<Row, Example, Outcome>;
  readonly rows: { readonly train: readonly Row[]; readonly validation: readonly Row[] };
  readonly settings: TrainSettings;
  /** What else decides the numbers (model, optimizer, data hash); compared by a resumed run. */
  readonly origin?: Readonly<Record<string, unknown>>;
  readonly checkpoints: CheckpointOptions;
  readonly run: MetricLog;
  readonly report?: Report;
  /** Log the metrics of a step every so many steps. */
  readonly logEvery?: number;
  /** Ends the run after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** The clock, milliseconds since 1970. */
  readonly now?: () => number;
}

export interface TrainResult {
  readonly status: TrainStatus;
  /** Optimizer steps done. */
  readonly step: number;
  /** The best evaluation so far and the folder of its checkpoint, to be read with `readCheckpoint`. */
  readonly best?: {
    readonly step: number;
    readonly epoch: number;
    readonly value: number;
    readonly folder: string;
  };
  /** Metrics of the last evaluation. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Trains the session's model. */
export async function train<Row, Example, Outcome>(
  options: TrainOptions<Row, Example, Outcome>,
): Promise<TrainResult> {
  throw new Error(`not written yet: ${options.settings.epochs}`);
}
