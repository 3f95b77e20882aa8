/** Judging a run's model on the test split, with the very file that will be served. */
import type { Store } from "../tracking/index.ts";
import { evaluate } from "../train/index.ts";
import { formatCsv } from "./csv.ts";
import { type ArtifactFolder, modelFiles, modelFolder, openFiles } from "./model-folder.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import { loadingFrom } from "./task-module.ts";

export interface EvaluatedRun {
  readonly runId: string;
  /** `test_accuracy`, `test_f1`, ... */
  readonly metrics: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly mistakes: number;
  /** What else a person is told. */
  readonly report: readonly string[];
  /** Folder of what was written among the run's artifacts. */
  readonly folder: string;
}

/**
 * Logs the metrics of the test split with the run, the confusion matrix and the misclassified rows as artifacts
 * `evaluation/confusion-matrix.json` (one for each question where a task has several) and
 * `evaluation/misclassified.csv`, and what the task reports as `evaluation/report.txt`. Those of a variant bear its
 * folder's name, as in `model-int8/test_accuracy`, so that they do not hide the run's own.
 * @param model the run's own model where it names no other folder
 * @throws {TaskError} when the run has no model
 */
export async function evaluationRun(
  project: Project,
  model: { readonly runId: string } & Partial<ArtifactFolder>,
  { store, config }: { readonly store: Store; readonly config: ProjectConfig },
): Promise<EvaluatedRun> {
  const { runId, folder: name = modelFolder } = model;
  const prefix = name === modelFolder ? "" : `${name}/`;
  const artifacts = store.artifacts(runId);
  const files = await modelFiles(artifacts, name);
  const task = await project.task.open(files.folder);
  const { test } = await project.task.read(config.task, { folder: project.folder, seed: config.common.seed });
  const session = await openFiles(project, files);
  try {
    const { batch_size: batchSize, ...training } = config.common.training;
    const loading = loadingFrom(project, files.folder, training);
    const { metrics, outcomes } = await evaluate((inputs) => session.run(inputs), task, test.rows, {
      ...{ batchSize, loading, split: "test" },
    });
    const measured = Object.fromEntries(
      Object.entries(metrics).map(([key, value]) => [`${prefix}test_${key}`, value]),
    );
    const step = Math.max(
      0,
      ...Object.values((await store.getRun(runId)).metrics).map((metric) => metric.step),
    );
    const timestamp = Date.now();
    await store.logBatch(runId, {
      metrics: Object.entries(measured).map(([key, value]) => ({ key, value, step, timestamp })),
    });
    const mistakes = task.mistakes(test.rows, outcomes);
    const written = `evaluation/${prefix}`.replace(/\/$/, "");
    const write = (name: string, text: string) =>
      artifacts.put(`${written}/${name}`, new TextEncoder().encode(text));
    for (const { name: question, ...confusion } of task.confusions?.(outcomes) ?? [])
      await write(
        question === undefined ? "confusion-matrix.json" : `confusion-matrix-${question}.json`,
        JSON.stringify(confusion),
      );
    await write("misclassified.csv", formatCsv(mistakes));
    const report = task.report?.(outcomes) ?? [];
    if (report.length > 0) await write("report.txt", `${report.join("\n")}\n`);
    return {
      ...{ runId, metrics: measured, rows: test.rows.length, mistakes: mistakes.length, report },
      folder: written,
    };
  } finally {
    await session.close();
  }
}
