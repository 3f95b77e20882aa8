/** Training and evaluation of a model: the loop, schedules, metrics, checkpoints and resume. */
export { type Checkpoint, readCheckpoint } from "./checkpoints.ts";
export { type Evaluation, evaluate } from "./evaluate.ts";
export type { MetricLog } from "./metric-log.ts";
export * from "./metrics/index.ts";
export { printProgress } from "./progress.ts";
export type { Report, TrainEvent } from "./report.ts";
export { type ScheduleSettings, scheduleSchema } from "./schedules.ts";
export * from "./sweeps/index.ts";
export {
  type CheckpointOptions,
  type FollowOptions,
  followTraining,
  type TrainOptions,
  type TrainResult,
  type TrainStatus,
  train,
} from "./train.ts";
export { TrainError, type TrainErrorCode } from "./train-error.ts";
export { type Monitor, type TrainSettings, trainSettingsSchema } from "./train-settings.ts";
export type { Trainable } from "./trainable.ts";
