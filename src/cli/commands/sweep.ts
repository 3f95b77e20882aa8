/** `havn sweep`: search for good parameters, and what was found. */
import { type Command, InvalidArgumentError } from "commander";
import { shellQuote } from "../../config/index.ts";
import { loadProject, type Project, readSweepFile, sweepResults, TaskError } from "../../tasks/index.ts";
import type { Sweep } from "../../tracking/index.ts";
import { type CommonOptions, type Context, homeOption, withCommonOptions, withContext } from "../context.ts";
import { runAgents } from "../sweep-agents.ts";
import { formatResults } from "../sweep-report.ts";

interface SweepOptions extends CommonOptions {
  readonly sweep?: string;
  readonly agents: number;
  readonly runCap?: number;
  readonly resume?: string;
}

export function addSweepCommand(program: Command): void {
  const sweep = withCommonOptions(program.command("sweep"))
    .description("search for good parameters, with several trials at once")
    .argument("[project]", "name or folder of the project")
    .argument("[overrides...]", "configuration of all trials, as for havn train")
    .option("--sweep <name>", "conf/sweep/NAME.yaml; the only one, or default, unless given")
    .option("--agents <n>", "how many trials at once on this machine; they share the cores", parseCount, 1)
    .option("--run-cap <n>", "the most trials, in place of the file's run_cap", parseCount)
    .option("--resume <sweep>", "go on with a sweep that was interrupted or stopped")
    .action((project: string | undefined, overrides: string[], options: SweepOptions) =>
      withContext(options, (context) => startSweep(context, project, overrides, options)),
    );
  withCommonOptions(sweep.command("show"))
    .description("trials, best parameters, and which of them matter")
    .argument("<sweep>")
    .action((sweepId: string, _: object, command: Command) =>
      withContext(command.optsWithGlobals<CommonOptions>(), async ({ store, terminal }) => {
        const results = await sweepResults(store, sweepId);
        terminal.result(formatResults(results), results);
      }),
    );
  withCommonOptions(sweep.command("list"))
    .description("all sweeps, newest first")
    .argument("[project]", "only of this project")
    .action((project: string | undefined, _: object, command: Command) =>
      withContext(command.optsWithGlobals<CommonOptions>(), async ({ store, terminal }) => {
        const sweeps = await store.listSweeps({ project });
        terminal.result(sweeps.map(formatSweep).join("\n") || "there is no sweep yet", sweeps);
      }),
    );
  withCommonOptions(sweep.command("stop"))
    .description("hand out no further trial; those that run go on to their end")
    .argument("<sweep>")
    .action((sweepId: string, _: object, command: Command) =>
      withContext(command.optsWithGlobals<CommonOptions>(), async ({ store, terminal }) => {
        const stopped = await store.setSweepStatus(sweepId, "STOPPED");
        terminal.result(`sweep ${sweepId} is stopped`, stopped);
      }),
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
  const { project, sweep } =
    options.resume === undefined
      ? await newSweep(context, name, overrides, options)
      : await resumedSweep(context, options.resume, name, overrides);
  await finishSweep(context, project, sweep, options);
}

async function newSweep(
  { store, terminal }: Context,
  name: string | undefined,
  typed: readonly string[],
  { sweep: file, runCap }: SweepOptions,
): Promise<{ project: Project; sweep: Sweep }> {
  if (name === undefined) throw new TaskError("havn sweep needs a project, or --resume SWEEP");
  const project = await loadProject(name);
  const { definition, overrides, seed, ...read } = readSweepFile(project, {
    ...{ name: file, overrides: typed, runCap, workingFolder: process.cwd() },
    command: `havn sweep ${shellQuote(name)}`,
  });
  const sweep = await store.createSweep({
    ...{ project: project.name, name: read.name, definition, overrides, seed },
  });
  terminal.note(`sweep ${sweep.sweepId}; another machine joins with: npx havn agent ${sweep.sweepId}`);
  return { project, sweep };
}

async function resumedSweep(
  { store }: Context,
  sweepId: string,
  name: string | undefined,
  overrides: readonly string[],
): Promise<{ project: Project; sweep: Sweep }> {
  const sweep = await store.getSweep(sweepId);
  if (overrides.length > 0 || (name !== undefined && name !== sweep.project))
    throw new TaskError(
      `--resume goes on with sweep ${sweepId} of ${sweep.project} as it is; leave out ${[name, ...overrides].join(" ")}`,
    );
  return {
    project: await loadProject(sweep.project),
    sweep: sweep.status === "STOPPED" ? await store.setSweepStatus(sweepId, "RUNNING") : sweep,
  };
}

/** Works on a sweep, and says what came out of it or how it goes on. */
export async function finishSweep(
  context: Context,
  project: Project,
  { sweepId }: Pick<Sweep, "sweepId">,
  options: CommonOptions & { readonly agents: number },
): Promise<void> {
  const { store, terminal, signal } = context;
  await runAgents(context, { project, sweepId, agents: options.agents, options });
  const results = await sweepResults(store, sweepId);
  terminal.result(formatResults(results), results);
  if (!signal.aborted) {
    if (results.best)
      terminal.note(`register its model: npx havn models link --sweep ${sweepId}${homeOption(options)}`);
    return;
  }
  terminal.note(`go on with: npx havn sweep --resume ${sweepId}${homeOption(options)}`);
  process.exitCode = 130;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError("must be a whole number from 1");
  return count;
}
