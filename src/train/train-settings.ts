import { z } from "zod";
import { scheduleSchema } from "./schedules.ts";
import { TrainError } from "./train-error.ts";

/** The metric that decides which checkpoint is the best. */
const monitorSchema = z.strictObject({
  /** Such as `validation_accuracy` or `validation_loss`. */
  metric: z.string(),
  goal: z.enum(["maximise", "minimise"]),
  /** Epochs without a better value after which training stops; never, unless given. */
  patience: z.int().positive().exactOptional(),
});

/** What decides the numbers of a run: two runs with equal settings, model and data end with equal parameters. */
export const trainSettingsSchema = z.strictObject({
  epochs: z.int().positive(),
  /** Rows of a micro-batch. */
  batchSize: z.int().positive(),
  /** Micro-batches of one optimizer step. */
  accumulate: z.int().positive(),
  /** The rate of a step is this times the schedule's multiplier. */
  learningRate: z.number().nonnegative(),
  schedule: scheduleSchema,
  monitor: monitorSchema,
  /** Decides the order of the rows, together with the epoch. */
  seed: z.int(),
});

export type Monitor = z.infer<typeof monitorSchema>;
export type TrainSettings = z.infer<typeof trainSettingsSchema>;

/** @throws {TrainError} `invalid-settings`, with the path of each wrong setting */
export function checkSettings(settings: TrainSettings): void {
  const parsed = trainSettingsSchema.safeParse(settings);
  if (parsed.success) return;
  const wrong = parsed.error.issues.map(({ path, message }) => `settings.${path.join(".")}: ${message}`);
  throw new TrainError("invalid-settings", wrong.join("\n"), { details: { issues: parsed.error.issues } });
}

/** Whether `value` beats the best so far. The first of equals stays; NaN and infinities never win. */
export function isBetter(value: number, best: number | undefined, goal: Monitor["goal"]): boolean {
  if (!Number.isFinite(value)) return false;
  if (best === undefined) return true;
  return goal === "maximise" ? value > best : value < best;
}
