/** Judging a run's model on the test split, and what is kept of it with the run. */
import type { Tracker } from "../tracking/index.ts";
import { formatCsv } from "./csv.ts";
import { type JudgeOptions, judgeModel } from "./judge-model.ts";
import { type ArtifactFolder, modelFiles, modelFolder } from "./model-folder.ts";
import type { Project } from "./project.ts";

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

export interface EvaluationOptions extends JudgeOptions {
  readonly store: Tracker;
  /** What data it is, where it is not the run's own: `reddit`. */
  readonly label?: string | undefined;
}

/**
 * Logs the metrics of the test split with the run, the confusion matrix and the misclassified rows as artifacts
 * `evaluation/confusion-matrix.json` (one for each question where a task has several) and
 * `evaluation/misclassified.csv`, and what the task reports as `evaluation/report.txt`. Those of a variant bear its
 * folder's name, as in `model-int8/test_accuracy`, and those of other data their label, so that they do not hide the
 * run's own.
 * @param model the run's own model where it names no other folder
 * @throws {TaskError} when the run has no model
 */
export async function evaluationRun(
  project: Project,
  model: { readonly runId: string } & Partial<ArtifactFolder>,
  { store, label, ...options }: EvaluationOptions,
): Promise<EvaluatedRun> {
  const { runId, folder: name = modelFolder } = model;
  const prefix = [name === modelFolder ? undefined : name, label]
    .map((part) => (part ? `${part}/` : ""))
    .join("");
  const artifacts = store.artifacts(runId);
  const judged = await judgeModel(project, await modelFiles(artifacts, name), options);
  const { rows, confusions, mistakes, report } = judged;
  const metrics = Object.fromEntries(
    Object.entries(judged.metrics).map(([key, value]) => [`${prefix}test_${key}`, value]),
  );
  const steps = Object.values((await store.getRun(runId)).metrics).map((metric) => metric.step);
  const [step, timestamp] = [Math.max(0, ...steps), Date.now()];
  await store.logBatch(runId, {
    metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, step, timestamp })),
  });
  const folder = `evaluation/${prefix}`.replace(/\/$/, "");
  const write = (name: string, text: string) =>
    artifacts.put(`${folder}/${name}`, new TextEncoder().encode(text));
  for (const { name: question, ...confusion } of confusions)
    await write(
      question === undefined ? "confusion-matrix.json" : `confusion-matrix-${question}.json`,
      JSON.stringify(confusion),
    );
  await write("misclassified.csv", formatCsv(mistakes));
  if (report.length > 0) await write("report.txt", `${report.join("\n")}\n`);
  return { runId, metrics, rows, mistakes: mistakes.length, report, folder };
}
