/** `havn train` and `havn run`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expandSweeps, shellQuote } from "../../config/index.ts";
import {
  endAbandonedRuns,
  evaluationRun,
  isTracking,
  loadProject,
  type Project,
  type ProjectConfig,
  projectConfig,
  promoteIfBetter,
  registerRun,
  resumedConfig,
  runMultirun,
  TaskError,
  type TrainedRun,
  type TrainingProfile,
  trackingUri,
  trainingRun,
} from "../../tasks/index.ts";
import type { ProcessGroup } from "../../tensor/index.ts";
import { printProgress } from "../../train/index.ts";
import { agentName } from "../agent-name.ts";
import { chooseSweepStore, trackingArgument } from "../choose-sweep-store.ts";
import { chooseTracker, trackingServer } from "../choose-tracker.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { describePromotion } from "../describe-promotion.ts";
import { findRun } from "../find-by-id.ts";
import { homeOption } from "../home-option.ts";
import { describeProcesses, withProcesses } from "../processes.ts";
import { type ShortcutOptions, withShortcutOptions, withShortcuts } from "../shortcut-options.ts";
import { formatMetrics } from "../terminal.ts";

interface TrainOptions extends CommonOptions, ShortcutOptions {
  readonly resume?: string;
  readonly cfg?: boolean;
  readonly multirun?: boolean;
}

type Verb = "train" | "run";

const verbs: Readonly<Record<Verb, string>> = {
  train: "train a project",
  run: "train, evaluate on the test split, register, and promote if better",
};

export function addTrainCommands(program: Command): void {
  for (const [verb, description] of Object.entries(verbs) as [Verb, string][])
    withShortcutOptions(withCommonOptions(program.command(verb)))
      .description(description)
      .argument("<project>", "name or folder of the project")
      .argument("[overrides...]", "configuration, as in Hydra: key=value group=choice +key=value ~key")
      .option("--resume <run>", "continue a run from its newest checkpoint")
      .option("--cfg", "print the configuration and stop")
      .option("--multirun", "one run for each combination of key=value1,value2")
      .action((project: string, overrides: string[], options: TrainOptions) =>
        withProcesses(project, (processes, stop) =>
          start(verb, project, overrides, { ...options, processes, stop }),
        ),
      );
}

async function start(
  verb: Verb,
  name: string,
  typed: readonly string[],
  { processes, stop, ...options }: TrainOptions & { processes: ProcessGroup; stop: AbortSignal },
): Promise<void> {
  const project = await loadProject(name);
  const overrides = withShortcuts(project, typed, options);
  const command = `havn ${verb} ${shellQuote(name)}`;
  if (options.cfg) {
    process.stdout.write(typedConfig(project, overrides, command).composition.print());
    return;
  }
  const tracking = overrides.filter(isTracking);
  if (options.resume && overrides.length > tracking.length)
    throw new TaskError(
      `--resume continues a run with its own configuration; leave out ${overrides.filter((override) => !isTracking(override)).join(" ")}`,
    );
  await withContext(options, async (opened) => {
    const context = { ...opened, signal: AbortSignal.any([opened.signal, stop]) };
    const description = describeProcesses(processes);
    if (description) context.terminal.note(description);
    const place = [...tracking.map(shellQuote).map((word) => ` ${word}`), homeOption(options)].join("");
    const launch = processes.size > 1 ? `mpirun -n ${processes.size} ` : "";
    const combinations = options.multirun ? expandSweeps(overrides) : [overrides];
    const one = (combination: readonly string[], trial: TrialOfMultirun = {}) =>
      (verb === "run" ? runProject : trainProject)(project, combination, {
        ...options,
        ...trial,
        context,
        processes,
        command,
        places: {
          project: name === project.name ? "" : ` --project ${shellQuote(name)}`,
          home: homeOption(options),
        },
        resumeCommand: (runId) => `${launch}npx ${command} --resume ${runId}${place}`,
      });
    const isStopped =
      combinations.length > 1
        ? await trainAll(project, combinations, { context, command, home: homeOption(options), one })
        : (await one(combinations[0]!)) === "interrupted";
    // As of a program that Ctrl-C ends, so that what was to come after it does not.
    if (isStopped || context.signal.aborted) process.exitCode = 130;
  });
}

/** What a run of `--multirun` has beside its overrides. */
type TrialOfMultirun = Pick<RunOptions, "tags" | "onRun">;

interface Multirun {
  readonly context: Context;
  readonly command: string;
  /** `--home` as it must be typed for the sweep to be found. */
  readonly home: string;
  one(combination: readonly string[], trial: TrialOfMultirun): Promise<TrainedRun["status"]>;
}

/** One run after another, kept as a sweep. @returns whether they were stopped: the signal may have reached another process alone */
async function trainAll(
  project: Project,
  combinations: readonly (readonly string[])[],
  { context, command, home, one }: Multirun,
): Promise<boolean> {
  const { terminal, signal } = context;
  const { common } = typedConfig(project, combinations[0]!, command);
  const { metric, goal } = common.training.best;
  let isStopped = false;
  const sweepId = await runMultirun(
    async (combination, trial) => {
      const varying = combination.filter((word) => combinations.some((other) => !other.includes(word)));
      terminal.note(`run with ${varying.join(" ")}`);
      isStopped = (await one(combination, trial)) === "interrupted";
      return isStopped ? "interrupted" : "finished";
    },
    {
      store: await chooseSweepStore(context, common.tracking.uri, { note: terminal.note }),
      ...{ project: project.name, combinations, signal, seed: common.seed },
      metric: { name: metric, goal: goal === "maximise" ? "maximize" : "minimize" },
      agent: agentName(1),
    },
  );
  terminal.note(
    `compare them with: npx havn sweep show ${sweepId}${home}${trackingArgument(common.tracking.uri)}`,
  );
  return isStopped;
}

const typedConfig = (project: Project, overrides: readonly string[], command: string) =>
  projectConfig(project, overrides, { command, workingFolder: process.cwd() });

interface RunOptions {
  readonly context: Context;
  readonly command: string;
  readonly resume?: string;
  readonly resumeCommand?: (runId: string) => string;
  readonly processes?: ProcessGroup;
  /** Further tags of the run. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly onRun?: (runId: string) => void;
  /** Options of commands that are to find project and run again; nothing is said of such commands unless given. */
  readonly places?: { readonly project: string; readonly home: string };
}

/** How a run is looked at and made again: in words, and for programs. */
function waysOn(
  { runId }: TrainedRun,
  { common }: ProjectConfig,
  { context, places }: Pick<RunOptions, "context" | "places">,
): {
  readonly words: readonly string[];
  readonly data: { readonly page?: string; readonly reproduce?: string };
} {
  if (!places) return { words: [], data: {} };
  const { uri } = common.tracking;
  const page = `#/runs/${runId}`;
  const pages = trackingServer(context, uri, process.env)
    ? "on the pages of its tracking server"
    : `with npx havn up${places.home}, at ${page}`;
  const reproduce = `npx havn reproduce ${runId}${places.project}${places.home}${trackingArgument(uri)}`;
  return {
    words: [`see run ${runId} ${pages}`, `make it again: ${reproduce}`],
    data: { page, reproduce },
  };
}

async function train(
  project: Project,
  overrides: readonly string[],
  { context, command, resume, resumeCommand, processes, tags, onRun }: RunOptions,
) {
  const { terminal, checkpoints, cache, signal } = context;
  const { config, run, store } =
    resume === undefined
      ? await startedRun(project, overrides, { context, command })
      : await resumedRun(project, resume, overrides, { context, command });
  const trained = await trainingRun(project, {
    store,
    checkpoints,
    cache,
    config,
    resume: run,
    signal,
    report: printProgress(process.stderr, { quiet: terminal.isQuiet }),
    note: terminal.note,
    ...(resumeCommand && { resumeCommand }),
    ...(processes && { processes }),
    ...(tags && { tags }),
    ...(onRun && { onRun }),
  });
  if (trained.profile) terminal.note(describeProfile(trained.profile));
  return { config, trained, store };
}

type Starting = Pick<RunOptions, "context" | "command">;

/** What a new run is made of, and where it is logged. Tells of others that died there. */
async function startedRun(project: Project, overrides: readonly string[], { context, command }: Starting) {
  const config = typedConfig(project, overrides, command);
  const store = chooseTracker(context, config.common.tracking.uri);
  for (const { runId } of await endAbandonedRuns(project, store))
    if (existsSync(join(context.checkpoints, runId)))
      context.terminal.note(
        `run ${runId} was killed; --resume ${runId} would go on from its last checkpoint`,
      );
  return { config, run: undefined, store };
}

/** The same of a run that goes on: where it is found, whatever address its server had when it began. */
async function resumedRun(
  project: Project,
  runId: string,
  overrides: readonly string[],
  { context, command }: Starting,
) {
  const store = chooseTracker(context, trackingUri(project, overrides, { command }));
  const run = await findRun(store, runId, context);
  return { config: await resumedConfig(project, run, store), run, store };
}

/** The ten most expensive operators as a table, and where the trace is. */
function describeProfile({ file, passes, operators }: TrainingProfile): string {
  const rows = operators.slice(0, 10).map(({ operator, share, calls, totalMs }) => {
    const numbers = [`${(100 * share).toFixed(1)} %`, `${calls}`, totalMs.toFixed(1)];
    return [operator.padEnd(24), ...numbers.map((text) => text.padStart(10))].join("");
  });
  const header = ["operator".padEnd(24), ...["share", "calls", "total ms"].map((text) => text.padStart(10))];
  return [
    `kernels of forward and backward, passes ${passes.first} to ${passes.last} of this process`,
    header.join(""),
    ...rows,
    `trace for chrome://tracing or ui.perfetto.dev: ${file}`,
  ].join("\n");
}

async function trainProject(
  project: Project,
  overrides: readonly string[],
  options: RunOptions,
): Promise<TrainedRun["status"]> {
  const { config, trained } = await train(project, overrides, options);
  const { words, data } = trained.status === "interrupted" ? nothingMore : waysOn(trained, config, options);
  const told = [describeTrained(trained, config), ...words].join("\n");
  options.context.terminal.result(told, { ...trained, ...data });
  return trained.status;
}

const nothingMore = { words: [], data: {} };

const describeTrained = ({ runId, status, best }: TrainedRun, { common }: ProjectConfig): string =>
  status === "interrupted"
    ? `run ${runId} was interrupted`
    : `run ${runId} is ${status}, best ${common.training.best.metric} ${best?.toPrecision(4)}`;

/** Trains, evaluates, registers and promotes; an interrupted run stops after training. */
export async function runProject(
  project: Project,
  overrides: readonly string[],
  options: RunOptions,
): Promise<TrainedRun["status"]> {
  const { terminal } = options.context;
  const { config, trained, store } = await train(project, overrides, options);
  if (trained.status === "interrupted") {
    terminal.result(describeTrained(trained, config), trained);
    return trained.status;
  }
  const { metrics, report } = await evaluationRun(project, trained, { store, config });
  terminal.note([`test split: ${formatMetrics(metrics)}`, ...report].join("\n"));
  const version = await registerRun(project, trained.runId, store);
  const promotion = await promoteIfBetter(version, config.common.training.best, store);
  const { metric } = config.common.training.best;
  const { words, data } = waysOn(trained, config, options);
  terminal.result([describePromotion(version, metric, promotion), ...words].join("\n"), {
    ...{ ...trained, metrics, version: version.version },
    ...promotion,
    ...data,
  });
  return trained.status;
}
