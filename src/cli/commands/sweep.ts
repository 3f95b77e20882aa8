/** `havn sweep`: search for good parameters, and what was found. */
import { type Command, InvalidArgumentError } from "commander";
import { shellQuote } from "../../config/index.ts";
import { loadProject, type Project, readSweepFile, sweepResults, TaskError } from "../../tasks/index.ts";
import type { Sweep, SweepTracker } from "../../tracking/index.ts";
import {
  chooseSweepStore,
  type TrackingOptions,
  trackingArgument,
  trackingOption,
} from "../choose-sweep-store.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { ofSweep } from "../find-by-id.ts";
import { homeOption } from "../home-option.ts";
import { type ShortcutOptions, withShortcutOptions, withShortcuts } from "../shortcut-options.ts";
import { runAgents } from "../sweep-agents.ts";
import { formatResults } from "../sweep-report.ts";

interface SweepOptions extends CommonOptions, ShortcutOptions, TrackingOptions {
  readonly sweep?: string;
  readonly agents: number;
  readonly runCap?: number;
  readonly resume?: string;
}

export function addSweepCommand(program: Command): void {
  const sweep = withShortcutOptions(withCommonOptions(program.command("sweep")))
    .description("search for good parameters, with several trials at once")
    .argument("[project]", "name or folder of the project")
    .argument("[overrides...]", "configuration of all trials, as for havn train")
    .option("--sweep <name>", "conf/sweep/NAME.yaml; the only one, or default, unless given")
    .option("--agents <n>", "how many trials at once on this machine; they share the cores", parseCount, 1)
    .option("--run-cap <n>", "the most trials, in place of the file's run_cap", parseCount)
    .option("--resume <sweep>", "go on with a sweep that was interrupted or stopped")
    .addOption(trackingOption())
    .action((project: string | undefined, overrides: string[], options: SweepOptions) =>
      withContext(options, (context) => startSweep(context, project, overrides, options)),
    );
  withCommonOptions(sweep.command("show"))
    .description("trials, best parameters, and which of them matter")
    .argument("<sweep>")
    .action((sweepId: string, _: object, command: Command) =>
      withSweeps(command, async (store, context) => {
        const results = await ofSweep(sweepResults(store, sweepId), context);
        context.terminal.result(formatResults(results), results);
      }),
    );
  withCommonOptions(sweep.command("list"))
    .description("all sweeps, newest first")
    .argument("[project]", "only of this project")
    .action((project: string | undefined, _: object, command: Command) =>
      withSweeps(command, async (store, { terminal }) => {
        const sweeps = await store.listSweeps({ project });
        terminal.result(sweeps.map(formatSweep).join("\n") || "there is no sweep yet", sweeps);
      }),
    );
  withCommonOptions(sweep.command("stop"))
    .description("hand out no further trial; those that run go on to their end")
    .argument("<sweep>")
    .action((sweepId: string, _: object, command: Command) =>
      withSweeps(command, async (store, context) => {
        const stopped = await ofSweep(store.setSweepStatus(sweepId, "STOPPED"), context);
        context.terminal.result(`sweep ${sweepId} is stopped`, stopped);
      }),
    );
}

/** Options of a command below `sweep` are those of `sweep` too. */
function withSweeps(
  command: Command,
  work: (store: SweepTracker, context: Context) => Promise<void>,
): Promise<void> {
  const options = command.optsWithGlobals<CommonOptions & TrackingOptions>();
  return withContext(options, async (context) =>
    work(await chooseSweepStore(context, options.tracking), context),
  );
}

const formatSweep = ({ sweepId, project, name, status, user, creationTime }: Sweep): string =>
  `${sweepId}  ${project} ${name}  ${new Date(creationTime).toISOString()}  ${status.toLowerCase()}  ${user}`.trimEnd();

async function startSweep(
  context: Context,
  name: string | undefined,
  overrides: readonly string[],
  options: SweepOptions,
): Promise<void> {
  const { resume } = options;
  const opened =
    resume === undefined
      ? await newSweep(context, name, overrides, options)
      : await resumedSweep(context, resume, name, overrides, options);
  await finishSweep(context, opened, { ...options, tracking: opened.tracking });
}

/** A sweep to work on, and where it is kept: on the server that was named or configured, if any. */
interface OpenSweep extends TrackingOptions {
  readonly project: Project;
  /** The project as it was typed: a folder, where its name alone does not lead to it. */
  readonly typed: string | undefined;
  readonly sweep: Pick<Sweep, "sweepId">;
  readonly store: SweepTracker;
}

async function newSweep(
  context: Context,
  name: string | undefined,
  typed: readonly string[],
  { sweep: file, runCap, ...options }: SweepOptions,
): Promise<OpenSweep> {
  if (name === undefined) throw new TaskError("havn sweep needs a project, or --resume SWEEP");
  const project = await loadProject(name);
  const read = readSweepFile(project, {
    ...{ name: file, runCap, workingFolder: process.cwd() },
    overrides: withShortcuts(project, typed, options),
    command: `havn sweep ${shellQuote(name)}`,
  });
  const { definition, overrides, seed } = read;
  const { note } = context.terminal;
  const tracking = options.tracking ?? read.trackingUri ?? undefined;
  const store = await chooseSweepStore(context, tracking, { note });
  const sweep = await store.createSweep({
    ...{ project: project.name, name: read.name, definition, overrides, seed },
  });
  const folder = name === project.name ? "" : ` --project ${shellQuote(name)}`;
  const place = `${folder}${homeOption(options)}${trackingArgument(tracking)}`;
  note(`sweep ${sweep.sweepId}; more agents join with: npx havn agent ${sweep.sweepId}${place}`);
  if (read.isEndless)
    note("it has no run_cap: trials go on until Ctrl-C or, from elsewhere, npx havn sweep stop");
  return { project, typed: name, sweep, store, tracking };
}

async function resumedSweep(
  context: Context,
  sweepId: string,
  name: string | undefined,
  overrides: readonly string[],
  { tracking, preset, data, sweep: file, runCap }: SweepOptions,
): Promise<OpenSweep> {
  const store = await chooseSweepStore(context, tracking);
  const sweep = await ofSweep(store.getSweep(sweepId), context);
  const project = await loadProject(name ?? sweep.project);
  const other = name === undefined || project.name === sweep.project ? [] : [name];
  const given = { "--preset": preset, "--data": data, "--sweep": file, "--run-cap": runCap };
  const options = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const changes = [...other, ...overrides, ...options];
  if (changes.length > 0)
    throw new TaskError(
      `--resume goes on with sweep ${sweepId} of ${sweep.project} as it is; leave out ${changes.join(" ")}`,
    );
  if (sweep.status === "STOPPED") await store.setSweepStatus(sweepId, "RUNNING");
  return { project, typed: name, sweep, store, tracking };
}

/** Works on a sweep, and says what came out of it or how it goes on. */
export async function finishSweep(
  context: Context,
  { project, typed = project.name, sweep: { sweepId }, store }: Omit<OpenSweep, "tracking">,
  options: CommonOptions & TrackingOptions & { readonly agents: number },
): Promise<void> {
  const { terminal, signal } = context;
  await runAgents(context, { project, store, sweepId, agents: options.agents, options });
  const results = await sweepResults(store, sweepId);
  terminal.result(formatResults(results), results);
  const place = `${homeOption(options)}${trackingArgument(options.tracking)}`;
  if (!signal.aborted) {
    if (results.best) {
      terminal.note(`register its model: npx havn models link --sweep ${sweepId}${place}`);
      terminal.note(
        `serve the best of all runs: npx havn models promote ${shellQuote(typed)} --best${place}`,
      );
    }
    return;
  }
  const named = typed === project.name ? "" : ` ${shellQuote(typed)}`;
  terminal.note(`go on with: npx havn sweep${named} --resume ${sweepId}${place}`);
  process.exitCode = 130;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError("must be a whole number from 1");
  return count;
}
