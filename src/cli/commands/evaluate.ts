/** `havn evaluate`. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { quote, shellQuote } from "../../config/index.ts";
import {
  evaluationRun,
  type FoundModel,
  findModel,
  formatCsv,
  foundFiles,
  isTracking,
  judgeModel,
  loadProject,
  type Project,
  projectConfig,
  promotedVersion,
  resumedConfig,
  TaskError,
  trackingUri,
  versionFolder,
  withTemporaryFolder,
} from "../../tasks/index.ts";
import type { Tracker } from "../../tracking/index.ts";
import { chooseTracker } from "../choose-tracker.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { findRun } from "../find-by-id.ts";
import { formatMetrics } from "../terminal.ts";

interface EvaluateOptions extends CommonOptions {
  readonly run?: string;
  readonly checkpoint?: string;
  readonly data?: string;
  readonly service?: string;
  readonly misclassified?: string;
}

export function addEvaluateCommand(program: Command): void {
  withCommonOptions(program.command("evaluate"))
    .description("measure a model on the test split, list what it gets wrong")
    .argument("<project>", "name or folder of the project")
    .argument("[overrides...]", "other data, such as data=NAME: its metrics bear that name")
    .option(
      "--run <run>",
      "the model of this run; the promoted one unless given (of another server: tracking.uri=URL)",
    )
    .option("--checkpoint <dir>", "a model or checkpoint on disk, or a folder of which the newest is taken")
    .option("--data <dir>", "folder of the data files, the same as data.folder=DIR")
    .option("--service <url>", "ask this running service, as its users do")
    .option("--misclassified <file>", "write the misclassified rows to this CSV file")
    .action(async (name: string, typed: string[], options: EvaluateOptions) => {
      if (options.run && options.checkpoint)
        throw new TaskError("--run and --checkpoint name two models; give one of them");
      const project = await loadProject(name);
      const overrides = [
        ...typed,
        ...(options.data === undefined ? [] : [`data.folder=${quote(options.data)}`]),
      ];
      await withContext(options, (context) => {
        const command = `havn evaluate ${shellQuote(name)}`;
        const store = chooseTracker(context, trackingUri(project, overrides, { command }));
        return options.checkpoint
          ? evaluateCheckpoint(project, options.checkpoint, overrides, {
              ...options,
              context,
              store,
              command,
            })
          : evaluateRun(project, overrides, { ...options, context, store, command });
      });
    });
}

interface Evaluating extends EvaluateOptions {
  readonly context: Context;
  /** Where the run was logged, and its new metrics are. */
  readonly store: Tracker;
  readonly command: string;
}

async function evaluateRun(
  project: Project,
  overrides: readonly string[],
  { run, service, misclassified, store, context }: Evaluating,
): Promise<void> {
  const promoted = await promotedVersion(project, store);
  const model = run ? { runId: run } : promoted && versionFolder(promoted);
  if (!model)
    throw new TaskError(`${project.name} has no model yet; train one with\n  npx havn run ${project.name}`);
  const { runId } = model;
  const config = await resumedConfig(project, await findRun(store, runId, context), store, overrides);
  const { data } = config.composition.choices;
  const label = overrides.every(isTracking) ? undefined : (data ?? "other");
  const evaluated = await evaluationRun(project, model, { store, config, service, label });
  const table = `${evaluated.folder}/misclassified.csv`;
  if (misclassified) await writeFile(misclassified, await store.artifacts(runId).read(table));
  const words = [
    `run ${runId} on ${evaluated.rows} rows: ${formatMetrics(evaluated.metrics)}`,
    ...evaluated.report,
    `${evaluated.mistakes} misclassified rows are its artifact ${table}`,
  ];
  context.terminal.result(words.join("\n"), evaluated);
}

/** A checkpoint on disk may be of no run of this home: its metrics are told and not logged. */
async function evaluateCheckpoint(
  project: Project,
  path: string,
  overrides: readonly string[],
  { misclassified, store, command, context: { terminal } }: Evaluating,
): Promise<void> {
  const runOf = async ({ runId }: FoundModel) =>
    runId === undefined ? undefined : store.getRun(runId).catch(() => undefined);
  const found = await findModel(path, async (model) => {
    const run = await runOf(model);
    return run === undefined || run.tags["havn.project"] === project.name;
  });
  const known = await runOf(found);
  const config = known
    ? await resumedConfig(project, known, store, overrides)
    : projectConfig(project, overrides, {
        ...{ command, workingFolder: process.cwd() },
      });
  const judged = await withTemporaryFolder(async (workFolder) =>
    judgeModel(project, await foundFiles(project, found, { config, workFolder }), { config }),
  );
  const { rows, metrics, mistakes, report } = judged;
  if (misclassified) await writeFile(misclassified, formatCsv(mistakes));
  const where = misclassified ? `in ${misclassified}` : "--misclassified FILE writes them";
  const words = [
    `${found.kind} ${found.folder} on ${rows} rows: ${formatMetrics(metrics)}`,
    ...report,
    `${mistakes.length} rows are misclassified (${where})`,
  ];
  terminal.result(words.join("\n"), { ...found, rows, metrics, mistakes: mistakes.length });
}
