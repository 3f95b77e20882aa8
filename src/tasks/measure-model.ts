/** What a model's files cost and what they are worth: size, speed, metrics; and how another compares. */
import type { LoadingOptions } from "../data/index.ts";
import { evaluate } from "../train/index.ts";
import { type ModelFiles, openFiles, programBytes } from "./model-folder.ts";
import type { Project } from "./project.ts";
import type { CommonConfig } from "./project-config.ts";
import type { AnyTask, OpenModel } from "./task.ts";
import { TaskError } from "./task-error.ts";
import { loadingFrom } from "./task-module.ts";

export interface ModelMeasurement {
  /** Of the ONNX files. */
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
  readonly project: Project;
  readonly task: AnyTask;
  /** Of the validation split. */
  readonly rows: readonly unknown[];
  readonly training: CommonConfig["training"];
}

/**
 * Measures two models on the same rows, one after the other, so that neither slows the other down.
 * @throws {TaskError} when evaluation of a file gives neither the metric of the run's best checkpoint, nor another that
 *   the task judges by
 */
export async function compareModels(
  files: { readonly original: ModelFiles; readonly variant: ModelFiles },
  { project, task, rows, training: { batch_size: batchSize, best, ...training } }: CompareOptions,
): Promise<ModelComparison> {
  const measure = (of: ModelFiles) => {
    const loading = loadingFrom(project, of.folder, training);
    return measureModel(project, of, { task, rows, batchSize, loading });
  };
  const original = await measure(files.original);
  const variant = await measure(files.variant);
  const known = Object.keys(original.metrics);
  const ofCheckpoints = { metric: best.metric.replace(/^validation_/, ""), goal: best.goal };
  const criterion = known.includes(ofCheckpoints.metric) ? ofCheckpoints : task.judgedBy;
  if (!criterion) {
    const names = known.map((name) => `validation_${name}`);
    throw new TaskError(
      `training.best.metric must be one that a model without its loss can be judged by (${names.join(", ")}), got ${best.metric}`,
    );
  }
  const { metric, goal } = criterion;
  const [before, after] = [original.metrics[metric]!, variant.metrics[metric]!];
  return { metric, original, variant, drop: goal === "maximise" ? before - after : after - before };
}

export interface MeasureOptions {
  readonly task: AnyTask;
  readonly rows: readonly unknown[];
  readonly batchSize: number;
  readonly loading?: LoadingOptions;
  /** How many of the rows are timed one by one. */
  readonly timedRows?: number;
}

/** Measures the files of a model on rows, as they will be served. */
export async function measureModel(
  project: Pick<Project, "task">,
  files: ModelFiles,
  { task, rows, batchSize, loading = {}, timedRows = 50 }: MeasureOptions,
): Promise<ModelMeasurement> {
  const model = await openFiles(project, files);
  try {
    const { metrics } = await evaluate((inputs) => model.run(inputs), task, rows, {
      ...{ batchSize, loading, split: "validation" },
    });
    const latencyMs = await medianLatency(model, task, rows.slice(0, timedRows));
    return { sizeBytes: await programBytes(files), latencyMs, metrics };
  } finally {
    await model.close();
  }
}

/** In milliseconds. The evaluation before has warmed the model up. */
async function medianLatency(model: OpenModel, task: AnyTask, rows: readonly unknown[]): Promise<number> {
  const times: number[] = [];
  for (const row of rows) {
    const inputs = task.collate([await task.prepare(row)]);
    const start = performance.now();
    await model.run(inputs);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}
