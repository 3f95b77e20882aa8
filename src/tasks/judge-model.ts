/** Judging a model on the test split: with the very files that will be served, or through a service that runs. */
import { evaluate } from "../train/index.ts";
import { askService } from "./ask-service.ts";
import { type ModelFiles, openFiles } from "./model-folder.ts";
import type { Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import type { Confusion, TableRow } from "./task.ts";
import { loadingFrom } from "./task-module.ts";

export interface JudgeOptions {
  /** Says which rows. */
  readonly config: ProjectConfig;
  /** URL of a service that answers the rows; the model's files do unless given. */
  readonly service?: string | undefined;
}

export interface Judgement {
  /** `accuracy`, `f1`, ... */
  readonly metrics: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly confusions: readonly Confusion[];
  readonly mistakes: readonly TableRow[];
  /** What else a person is told. */
  readonly report: readonly string[];
}

export async function judgeModel(
  project: Project,
  files: ModelFiles,
  { config, service }: JudgeOptions,
): Promise<Judgement> {
  const task = await project.task.open(files.folder);
  const { test } = await project.task.read(config.task, { folder: project.folder, seed: config.common.seed });
  const judged = service
    ? await askService(project, task, test.rows, service)
    : await runFiles(project, files, { task, rows: test.rows, config });
  const { metrics, outcomes } = judged;
  return {
    ...{ metrics, rows: test.rows.length },
    confusions: task.confusions?.(outcomes) ?? [],
    mistakes: task.mistakes(test.rows, outcomes),
    report: task.report?.(outcomes) ?? [],
  };
}

async function runFiles(
  project: Project,
  files: ModelFiles,
  {
    task,
    rows,
    config,
  }: {
    readonly task: Awaited<ReturnType<Project["task"]["open"]>>;
    readonly rows: readonly unknown[];
    readonly config: ProjectConfig;
  },
): Promise<{ metrics: Readonly<Record<string, number>>; outcomes: readonly unknown[] }> {
  const { batch_size: batchSize, ...training } = config.common.training;
  const loading = loadingFrom(project, files.folder, training);
  const session = await openFiles(project, files);
  try {
    return await evaluate((inputs) => session.run(inputs), task, rows, {
      ...{ batchSize, loading, split: "test" },
    });
  } finally {
    await session.close();
  }
}
