/** `havn models`: registered versions, where they come from, and which of them is served. */
import type { Command } from "commander";
import { stringify } from "yaml";
import {
  historyOf,
  inferenceAlias,
  linkSweep,
  loadProject,
  projectConfig,
  promoteBest,
  TaskError,
  type VersionLineage,
  versionLineage,
} from "../../tasks/index.ts";
import type { ModelVersion, RegistryEvent } from "../../tracking/index.ts";
import {
  chooseSweepStore,
  type TrackingOptions,
  trackingArgument,
  trackingOption,
} from "../choose-sweep-store.ts";
import { chooseTracker } from "../choose-tracker.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { describeBest } from "../describe-promotion.ts";
import { ofSweep } from "../find-by-id.ts";
import { homeOption } from "../home-option.ts";
import { formatMetrics } from "../terminal.ts";
import { addExportCommand, addQuantizeCommand } from "./model-variants.ts";
import { parseVersion } from "./parse-version.ts";

export function addModelsCommand(program: Command): void {
  const models = program.command("models").description("registered models and their versions");
  withCommonOptions(models.command("list"))
    .description("all versions, newest first, and who moved their aliases when")
    .argument("[model]", "only this model")
    .addOption(trackingOption())
    .action((model: string | undefined, options: CommonOptions & TrackingOptions) =>
      withContext(options, (context) => listVersions(context, model, options)),
    );
  withCommonOptions(models.command("show"))
    .description("where a version comes from: run, data, code, configuration; and what happened to it")
    .argument("<model>")
    .argument("<version>", "number of the version", parseVersion)
    .addOption(trackingOption())
    .action((model: string, version: number, options: CommonOptions & TrackingOptions) =>
      withContext(options, async (context) => {
        const store = await chooseSweepStore(context, options.tracking);
        const lineage = await versionLineage(model, version, store);
        context.terminal.result(formatLineage(lineage), lineage);
      }),
    );
  withCommonOptions(models.command("link"))
    .description("registers the best run of a sweep as the next version")
    .requiredOption("--sweep <sweep>", "as havn sweep list names it")
    .addOption(trackingOption())
    .action((options: CommonOptions & TrackingOptions & { sweep: string }) =>
      withContext(options, (context) => link(context, options)),
    );
  withCommonOptions(models.command("promote"))
    .description(`gives a version the alias ${inferenceAlias}: services take it up by themselves, at once`)
    .argument("<model>")
    .argument("[version]", "number of the version", parseVersion)
    .option("--best", "registers the best of all runs of the project, and promotes it if it is better")
    .addOption(trackingOption())
    .action((model: string, version: number | undefined, options: PromoteOptions) =>
      withContext(options, (context) => promote(context, model, version, options)),
    );
  addQuantizeCommand(models);
  addExportCommand(models);
}

async function listVersions(
  context: Context,
  model: string | undefined,
  { tracking }: TrackingOptions,
): Promise<void> {
  const { terminal } = context;
  const store = await chooseSweepStore(context, tracking);
  const names = model ? [model] : (await store.searchRegisteredModels()).items.map(({ name }) => name);
  const listed = names.map(async (name) => {
    const events = await store.listRegistryEvents({ name });
    const versions = await store.listModelVersions(name);
    return versions.map((version) => ({ ...version, history: historyOf(events, version.version) }));
  });
  const versions = (await Promise.all(listed)).flat();
  const lines = versions.flatMap(({ history, ...version }) => [
    formatVersion(version),
    ...history
      .filter(({ kind }) => kind !== "version-created")
      .map((event) => `    ${formatEvent(event, version.version)}`),
  ]);
  terminal.result(lines.join("\n") || "no model is registered yet", versions);
}

const formatVersion = ({ name, version, aliases, runId, creationTime }: ModelVersion): string =>
  `${name} ${version}  ${timeOf(creationTime)}  run ${runId}  ${aliases.join(" ")}`.trimEnd();

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** What an event means for one of the versions it concerns. */
function formatEvent(
  { kind, time, user, alias, version, previousVersion }: RegistryEvent,
  number: number,
): string {
  const by = `${timeOf(time)} by ${user || "somebody"}`;
  if (kind === "version-created") return `registered ${by}`;
  if (version === number)
    return `got ${alias} ${by}${previousVersion === undefined ? "" : `, from version ${previousVersion}`}`;
  return `lost ${alias} ${by}${version === undefined ? "" : `, to version ${version}`}`;
}

function formatLineage({ version, run, metrics, data, code, ...lineage }: VersionLineage): string {
  const { configuration, sweep, derivedFrom, history } = lineage;
  const lines = [
    formatVersion(version),
    ...(derivedFrom === undefined ? [] : [`a smaller variant of version ${derivedFrom}`]),
    ...(run ? [`run ${run.runId} (${run.name}), ${timeOf(run.startTime)}, ${run.status.toLowerCase()}`] : []),
    ...(sweep ? [`trial ${sweep.trial} of sweep ${sweep.sweepId}`] : []),
    ...data.map(({ name, digest, source, context = "data" }) => `${context}: ${name} ${digest} (${source})`),
    code.commit === undefined
      ? "code: not in a git repository"
      : `code: commit ${code.commit}${code.isDirty ? ", with changes that are in no commit" : ""}`,
    ...(code.command === undefined ? [] : [`command: ${code.command}`]),
    ...(Object.keys(metrics).length === 0 ? [] : [`metrics: ${formatMetrics(metrics)}`]),
    ...history.map((event) => formatEvent(event, version.version)),
    ...(configuration === undefined
      ? []
      : ["configuration:", stringify(configuration).trimEnd().replace(/^/gm, "  ")]),
  ];
  return lines.join("\n");
}

async function link(
  context: Context,
  options: CommonOptions & TrackingOptions & { readonly sweep: string },
): Promise<void> {
  const store = await chooseSweepStore(context, options.tracking);
  const { version, trial } = await ofSweep(linkSweep(options.sweep, store), context);
  const { name, version: number } = version;
  const words = [
    `version ${number} of ${name} is the run of trial ${trial.number}, the best of sweep ${options.sweep}`,
    `serve it with: npx havn models promote ${name} ${number}${homeOption(options)}${trackingArgument(options.tracking)}`,
  ];
  context.terminal.result(words.join("\n"), { ...version, sweep: options.sweep, trial: trial.number });
}

interface PromoteOptions extends CommonOptions, TrackingOptions {
  readonly best?: boolean;
}

async function promote(
  context: Context,
  model: string,
  version: number | undefined,
  { best = false, tracking }: PromoteOptions,
): Promise<void> {
  if ((version === undefined) === !best)
    throw new TaskError(`havn models promote ${model} needs either a version or --best`);
  const { terminal } = context;
  if (version !== undefined) {
    const store = chooseTracker(context, tracking);
    await store.setAlias(model, inferenceAlias, version);
    return terminal.result(`version ${version} of ${model} is promoted`, {
      ...{ model, version, alias: inferenceAlias },
    });
  }
  const project = await loadProject(model);
  const { common } = projectConfig(project, [], { command: `havn train ${model}` });
  const store = chooseTracker(context, tracking ?? common.tracking.uri);
  const { version: chosen, ...promotion } = await promoteBest(project, common.training.best, store);
  terminal.result(describeBest(chosen, common.training.best.metric, promotion), {
    ...{ model, version: chosen.version, alias: inferenceAlias },
    ...promotion,
  });
}
