import { type Loader, type LoadingOptions, openLoader } from "../data/index.ts";
import {
  type NdArrays,
  oneProcess,
  type ProcessGroup,
  type Trace,
  type TrainingSession,
} from "../tensor/index.ts";
import type { Progress } from "./checkpoints.ts";
import type { MetricLog } from "./metric-log.ts";
import type { Report } from "./report.ts";
import { differencesOf, findStart, show } from "./resume.ts";
import { TrainError } from "./train-error.ts";
import { checkSettings, type TrainSettings } from "./train-settings.ts";
import type { Trainable } from "./trainable.ts";
import { TrainingLoop } from "./training-loop.ts";

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
  /** Where and how rows are prepared; by default in the main thread. */
  readonly loading?: LoadingOptions;
  /** What the loss of a batch is a mean over, such as the weights of its classes: its rows, unless given. */
  readonly lossWeight?: (inputs: NdArrays) => number;
  readonly settings: TrainSettings;
  /** What else decides the numbers (model, optimizer, data hash), as JSON; compared by a resumed run. */
  readonly origin?: Readonly<Record<string, unknown>>;
  readonly checkpoints: CheckpointOptions;
  /** Gets `train_loss`, `learning_rate`, `gradient_norm`, `examples_per_second`, `data_wait_seconds` of steps, and of each epoch
   * `train_loss_epoch`, `epoch`, `validation_loss` and what the task measures as `validation_NAME`. */
  readonly run: MetricLog;
  readonly report?: Report;
  /** Log the metrics of a step every so many steps; 1 unless given. */
  readonly logEvery?: number;
  /** Ends the run after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** The clock, milliseconds since 1970. */
  readonly now?: () => number;
  /** Gets the phases of the run: `data` (waiting for it), `step`, `evaluation`, `checkpoint`. */
  readonly trace?: Trace;
  /** Those that train together: the first calls `train`, the others `followTraining`. One, unless given. */
  readonly processes?: ProcessGroup;
}

/** What a process needs that leaves curves and checkpoints to the first one. */
export type FollowOptions<Row, Example, Outcome> = Omit<
  TrainOptions<Row, Example, Outcome>,
  "checkpoints" | "run" | "report" | "logEvery" | "now" | "trace"
>;

export interface TrainResult {
  readonly status: TrainStatus;
  /** Optimizer steps done. */
  readonly step: number;
  /** The best evaluation (epochs count from 1) and the folder of its checkpoint, to be read with `readCheckpoint`. */
  readonly best?: BestCheckpoint;
  /** Metrics of the last evaluation. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface BestCheckpoint {
  readonly step: number;
  readonly epoch: number;
  readonly value: number;
  readonly folder: string;
}

/**
 * Trains the session's model on rows, evaluates it after each epoch and keeps the best and the latest checkpoint.
 *
 * A run that was interrupted or killed and is resumed, with a session made from the same model and seed, ends with
 * the same numbers as one that was not. The session stays open: the caller closes it.
 *
 * @throws {DataError} `unprepared_row`, `worker_failed`
 * @throws {TrainError} `not-finite` when the loss or the gradient is; `checkpoint-failed` when the last state could
 *   not be saved (a failure before that is a warning); `settings-differ`, `checkpoint-exists`, `unknown-metric`
 */
export async function train<Row, Example, Outcome>(
  options: TrainOptions<Row, Example, Outcome>,
): Promise<TrainResult> {
  const { session, trainable, rows, settings, origin = {}, checkpoints, report = () => {} } = options;
  const { processes = oneProcess } = options;
  checkSettings(settings);
  for (const split of ["train", "validation"] as const) {
    if (rows[split].length === 0) throw new TrainError("invalid-settings", `the ${split} split has no rows`);
  }
  const record: Record<string, unknown> = JSON.parse(
    JSON.stringify({
      settings,
      origin,
      rows: { train: rows.train.length, validation: rows.validation.length },
    }),
  );
  requireEqual(await processes.gather(record));
  const resume = checkpoints.resume ?? false;
  const isFirst = processes.rank === 0;
  const start = isFirst
    ? await findStart(checkpoints.folder, {
        resume,
        settings: record,
        warn: (message) => report({ kind: "warning", message }),
      })
    : undefined;
  if (start) await session.restore(start.state);
  await session.synchronise();
  const [progress] = await processes.gather(start?.progress);
  const logged = resume ? await options.run.latestMetrics() : {};
  const loader = openLoader(trainable, rows, { ...options.loading, seed: settings.seed });
  try {
    const lengths = await lengthsOf(loader, options.signal);
    const isStopped = await processes.gather(lengths === undefined);
    if (!lengths || isStopped.includes(true)) return stoppedBefore(progress, options);
    return await new TrainingLoop(options, { loader, lengths, record, progress, logged }).run();
  } finally {
    await loader.close();
  }
}

type Lengths = Record<"train" | "validation", readonly number[]>;

/** Undefined when the signal came first. */
async function lengthsOf(
  loader: Loader<"train" | "validation">,
  signal: AbortSignal | undefined,
): Promise<Lengths | undefined> {
  try {
    const train = await loader.lengths("train", { signal });
    return { train, validation: await loader.lengths("validation", { signal }) };
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

/** The end of a run that was stopped while its rows were prepared; what it resumed from is still there. */
function stoppedBefore(
  progress: Progress | undefined,
  { checkpoints, report = () => {} }: Pick<TrainOptions<never, never, never>, "checkpoints" | "report">,
): TrainResult {
  const { resumeCommand } = checkpoints;
  const step = progress?.step ?? 0;
  report({
    kind: "ended",
    status: "interrupted",
    step,
    ...(resumeCommand !== undefined && { resumeCommand }),
  });
  return { status: "interrupted", step, metrics: {} };
}

/**
 * Takes part in a training that the first process leads with `train`: the same steps, stopped and resumed together.
 * @throws {TrainError} as `train` does
 */
export const followTraining = <Row, Example, Outcome>(
  options: FollowOptions<Row, Example, Outcome>,
): Promise<TrainResult> =>
  train({
    ...options,
    checkpoints: { folder: "", every: { seconds: Number.POSITIVE_INFINITY } },
    run: { logMetrics() {}, latestMetrics: () => ({}) },
  });

/** Processes that read other data or another configuration would train another model together than anyone asked for. */
function requireEqual(records: readonly Record<string, unknown>[]): void {
  for (const [rank, record] of records.entries()) {
    const differences = differencesOf(records[0], record);
    if (differences.length === 0) continue;
    const lines = differences.map(
      ({ path, saved, now }) => `  ${path}: ${show(saved)} in process 0, ${show(now)} in process ${rank}`,
    );
    const message = `process ${rank} cannot train together with process 0:\n${lines.join("\n")}\nGive both the same files.`;
    throw new TrainError("settings-differ", message, { details: { rank, differences } });
  }
}
