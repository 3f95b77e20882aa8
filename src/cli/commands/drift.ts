/** `havn drift`. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { quote } from "../../config/index.ts";
import {
  type DriftReport,
  type DriftRow,
  driftReport,
  fewestTestedRows,
  tableOf,
} from "../../monitoring/index.ts";
import { readPredictions } from "../../serving/index.ts";
import { openFileStore } from "../../storage/index.ts";
import {
  answeredFeatures,
  driftReference,
  loadProject,
  loggedFeatures,
  type Project,
  promotedVersion,
  resumedConfig,
  TaskError,
  versionFiles,
  versionFolder,
} from "../../tasks/index.ts";
import type { ModelVersion, Prediction } from "../../tracking/index.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { driftPage } from "../drift-page.ts";
import { driftTable } from "../drift-table.ts";
import { predictionStore } from "../project-predictions.ts";
import { parseVersion } from "./parse-version.ts";

interface DriftOptions extends CommonOptions {
  readonly data?: string;
  readonly since?: number;
  readonly modelVersion?: number;
  readonly driftShare: number;
  readonly failOnDrift?: boolean;
  readonly report?: string;
}

export function addDriftCommand(program: Command): void {
  withCommonOptions(program.command("drift"))
    .description(
      "whether what a service is asked, and what it answers, has drifted away from the model's data",
    )
    .argument("<project>", "name or folder of the project")
    .argument(
      "[overrides...]",
      "look at the test split of other data, such as data=NAME, in place of the prediction log",
    )
    .option("--data <dir>", "folder of that data's files, the same as data.folder=DIR")
    .option(
      "--since <time>",
      "predictions from 2026-11-20 or 2026-11-20T08:00 on, or of the last 7d, 12h, 30m",
      since,
    )
    .option("--model-version <n>", "predictions of this version; the promoted one unless given", parseVersion)
    .option(
      "--drift-share <share>",
      "share of drifted columns from which on the whole has drifted",
      share,
      0.5,
    )
    .option("--fail-on-drift", "end with exit code 1 where the whole has drifted")
    .option("--report <file>", "write an HTML report")
    .action(async (name: string, typed: string[], options: DriftOptions) => {
      const project = await loadProject(name);
      const overrides = [
        ...typed,
        ...(options.data === undefined ? [] : [`data.folder=${quote(options.data)}`]),
      ];
      if (overrides.length > 0 && options.since !== undefined)
        throw new TaskError("--since is about the prediction log; other data has no time");
      await withContext(options, (context) => drift(project, overrides, options, context));
    });
}

async function drift(
  project: Project,
  overrides: readonly string[],
  { since, modelVersion, driftShare, failOnDrift, report: page }: DriftOptions,
  context: Context,
): Promise<void> {
  const { store, terminal } = context;
  const version =
    modelVersion === undefined
      ? await promotedVersion(project, store)
      : await store.getModelVersion(project.name, modelVersion);
  if (!version)
    throw new TaskError(`${project.name} has no model yet; train one with\n  npx havn run ${project.name}`);
  const current =
    overrides.length > 0
      ? await otherData(project, version, overrides, context)
      : await predictionsOf(project, version, since, context);
  const reference = await driftReference(project, versionFolder(version), store);
  const report = driftReport(tableOf(reference), tableOf(current.rows), {
    ...{ driftShare, testsBy: "smaller", fewestRows: fewestTestedRows },
  });
  const title = `Drift of ${project.name}`;
  const sentence = closing(report, current.what, version);
  if (page !== undefined) await writeFile(page, driftPage(report, title, sentence));
  terminal.result([driftTable(report), sentence].join("\n"), {
    ...{ project: project.name, version: version.version, current: current.what },
    ...report,
  });
  if (failOnDrift && report.datasetDrift) process.exitCode = 1;
}

/** Rows, and what they are in words. */
interface CurrentRows {
  readonly rows: readonly DriftRow[];
  readonly what: string;
}

async function otherData(
  project: Project,
  version: ModelVersion,
  overrides: readonly string[],
  { store }: Context,
): Promise<CurrentRows> {
  const { runId } = versionFolder(version);
  const config = await resumedConfig(project, await store.getRun(runId), store, overrides);
  const { test } = await project.task.read(config.task, { folder: project.folder, seed: config.common.seed });
  const rows = await answeredFeatures(project, await versionFiles(version, store), test.rows, config);
  return { rows, what: `${rows.length} test rows of ${config.composition.choices.data ?? "other data"}` };
}

async function predictionsOf(
  project: Project,
  version: ModelVersion,
  since: number | undefined,
  { store, predictions: folderOf, terminal }: Context,
): Promise<CurrentRows> {
  const folder = folderOf(project.name);
  const objects = await predictionStore(project.name);
  const task = await project.task.open((await versionFiles(version, store)).folder);
  const others = new Map<number, number>();
  const ofVersion = async function* (): AsyncGenerator<Prediction> {
    const span = since === undefined ? {} : { from: since };
    for await (const prediction of readPredictions(folder, { store: objects, ...span })) {
      const { modelVersion: by } = prediction;
      if (by === version.version) yield prediction;
      else others.set(by, (others.get(by) ?? 0) + 1);
    }
  };
  // Without a folder nothing was logged, and no file is asked for.
  const files = objects ?? (existsSync(folder) ? await openFileStore(folder) : undefined);
  const { rows, withoutFiles } = files
    ? await loggedFeatures(task, ofVersion(), files)
    : { rows: [], withoutFiles: 0 };
  const time = since === undefined ? "" : ` since ${new Date(since).toISOString()}`;
  const leftOut = [
    ...(withoutFiles > 0 ? [`${withoutFiles} whose files the log has dropped`] : []),
    ...[...others].map(([number, count]) => `${count} of version ${number} (--model-version ${number})`),
  ].join(", ");
  if (rows.length === 0)
    throw new TaskError(
      `the log has no predictions of ${project.name} version ${version.version}${time}${leftOut && `, but ${leftOut}`}; serve it with\n  npx havn serve ${project.name}\nor look at other data, such as data=NAME`,
    );
  if (leftOut) terminal.note(`predictions that are left out: ${leftOut}`);
  return { rows, what: `${rows.length} logged predictions${time}` };
}

/** What it comes to. */
function closing(
  { rows, isJudged, fewestRows, columns, driftedColumns, share, driftShare, datasetDrift }: DriftReport,
  what: string,
  { version }: ModelVersion,
): string {
  if (!isJudged)
    return `too few rows to judge: ${what}, and at least ${fewestRows} are needed to tell drift from the ${rows.reference} validation rows of version ${version}`;
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return `${datasetDrift ? "drift" : "no drift"}: ${driftedColumns} of ${columns.length} columns (${percent(share)}; drift from ${percent(driftShare)} on) of ${what} differ from the ${rows.reference} validation rows of version ${version}`;
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds since 1970. */
function since(text: string): number {
  const span = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text);
  const time = span ? Date.now() - Number(span[1]) * units[span[2] as keyof typeof units] : Date.parse(text);
  if (Number.isFinite(time)) return time;
  throw new InvalidArgumentError("must be a time such as 2026-11-20T08:00, or a span such as 7d, 12h or 30m");
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError("must be above 0 and at most 1");
}
