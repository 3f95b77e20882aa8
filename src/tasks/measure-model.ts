/** What a model file costs and what it is worth: its size, its speed, its metrics; and how another compares. */
import { stat } from "node:fs/promises";
import { type InferenceSession, openInference } from "../tensor/index.ts";
import { evaluate } from "../train/index.ts";
import type { ModelFiles } from "./model-folder.ts";
import type { CommonConfig } from "./project-config.ts";
import type { AnyTask } from "./task.ts";
import { TaskError } from "./task-error.ts";

export interface ModelMeasurement {
  /** Of the ONNX file. */
  readonly sizeBytes: number;
  /** Median time of one input alone, without its preparation. */
  readonly latencyMs: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface ModelComparison {
  /** The metric that decides: that of the run's best checkpoint. */
  readonly metric: string;
  readonly original: ModelMeasurement;
  readonly variant: ModelMeasurement;
  /** By how much the metric of the variant is worse; negative where it is better. */
  readonly drop: number;
}

export interface CompareOptions {
  readonly task: AnyTask;
  /** Of the validation split. */
  readonly rows: readonly unknown[];
  readonly training: CommonConfig["training"];
}

/**
 * Measures two models on the same rows, one after the other, so that neither slows the other down.
 * @throws {TaskError} when the metric of the run's best checkpoint is none that evaluation of a file gives
 */
export async function compareModels(
  files: { readonly original: ModelFiles; readonly variant: ModelFiles },
  { task, rows, training: { batch_size: batchSize, best } }: CompareOptions,
): Promise<ModelComparison> {
  const metric = best.metric.replace(/^validation_/, "");
  const original = await measureModel(files.original.program, task, rows, { batchSize });
  const variant = await measureModel(files.variant.program, task, rows, { batchSize });
  const [before, after] = [original.metrics[metric], variant.metrics[metric]];
  if (before === undefined || after === undefined) {
    const known = Object.keys(original.metrics).map((name) => `validation_${name}`);
    throw new TaskError(
      `training.best.metric must be one that a model without its loss can be judged by (${known.join(", ")}), got ${best.metric}`,
    );
  }
  return { metric, original, variant, drop: best.goal === "maximise" ? before - after : after - before };
}

export interface MeasureOptions {
  readonly batchSize: number;
  /** How many of the rows are timed one by one. */
  readonly timedRows?: number;
}

/** Measures an ONNX file on rows, as it will be served. */
export async function measureModel(
  program: string,
  task: AnyTask,
  rows: readonly unknown[],
  { batchSize, timedRows = 50 }: MeasureOptions,
): Promise<ModelMeasurement> {
  const session = await openInference(program);
  try {
    const { metrics } = await evaluate((inputs) => session.run(inputs), task, rows, { batchSize });
    const latencyMs = await medianLatency(session, task, rows.slice(0, timedRows));
    return { sizeBytes: (await stat(program)).size, latencyMs, metrics };
  } finally {
    await session.close();
  }
}

/** In milliseconds. The evaluation before has warmed the session up. */
async function medianLatency(
  session: InferenceSession,
  task: AnyTask,
  rows: readonly unknown[],
): Promise<number> {
  const times: number[] = [];
  for (const row of rows) {
    const inputs = task.collate([await task.prepare(row)]);
    const start = performance.now();
    await session.run(inputs);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}
