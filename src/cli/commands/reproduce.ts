/** `havn reproduce`: runs a run again and says whether the numbers are the same. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import {
  type Checkout,
  checkOut,
  compareMetrics,
  loadProject,
  type MetricComparison,
  type PlaceDifference,
  type Project,
  placeDifferences,
  type Recipe,
  recipeOf,
  requireSameData,
  TaskError,
} from "../../tasks/index.ts";
import { describeEnvironment, openStore, type Run, type Store } from "../../tracking/index.ts";
import { type TrackingOptions, trackingOption } from "../choose-sweep-store.ts";
import { chooseTracker } from "../choose-tracker.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { findRun } from "../find-by-id.ts";

export function addReproduceCommand(program: Command): void {
  withCommonOptions(program.command("reproduce"))
    .description("run a run again (same commit, configuration, data, seed) and compare every number")
    .argument("<run>", "id of a finished run")
    .option("--project <folder>", "where its project lies; found by its name unless given")
    .addOption(trackingOption())
    .action((runId: string, options: ReproduceOptions) =>
      withContext(options, (context) => reproduce(context, runId, options)),
    );
}

interface ReproduceOptions extends CommonOptions, TrackingOptions {
  readonly project?: string;
}

/** Havn's own folder: where the code that trains comes from. */
const havnRoot = fileURLToPath(new URL("../../../", import.meta.url));

async function reproduce(
  context: Context,
  runId: string,
  { project: folder, tracking }: ReproduceOptions,
): Promise<void> {
  const { terminal, signal } = context;
  const store = chooseTracker(context, tracking);
  const run = await findRun(store, runId, context);
  const recipe = await recipeOf(run, store);
  const project = await loadProject(folder ?? recipe.project);
  const here = await describeEnvironment(project.folder);
  const places = placeDifferences(run, here);
  for (const { what, original, now } of places) terminal.note(`${what}: ${original} then, ${now} now`);
  const home = await mkdtemp(join(tmpdir(), "havn-reproduce-"));
  await using checkout = await codeOfThen(project, recipe, here.git, terminal.note);
  try {
    const command = await commandOf(recipe, project, checkout);
    const isOtherCode = checkout !== undefined;
    terminal.note(`running it again${recipe.processes > 1 ? `, in ${recipe.processes} processes` : ""}`);
    await runAgain(command, { home, run, isOtherCode, signal });
    await using again = await openHome(home);
    const made = await finishedRun(again.store);
    requireSameData(run.datasets, made.datasets);
    const metrics = await compareMetrics({ run, store }, { run: made, store: again.store });
    const isSame = metrics.every((metric) => metric.isSame);
    terminal.result(formatComparison(runId, metrics, places), {
      ...{ runId, isSame, commit: recipe.commit, metrics, places },
    });
    if (!isSame) process.exitCode = 1;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

type Git = Awaited<ReturnType<typeof describeEnvironment>>["git"];

/** A checkout of the run's commit where the code here is another; undefined where it is the same, or unknown. */
async function codeOfThen(
  project: Project,
  { commit, isDirty }: Recipe,
  git: Git,
  note: (message: string) => void,
): Promise<Checkout | undefined> {
  if (isDirty) note(`the run was made with changes that are in no commit: its code cannot be had exactly`);
  if (commit === undefined || !("commit" in git)) {
    note("the code of then is not known: it was in no git repository; the code here is taken");
    return undefined;
  }
  if (git.commit === commit && (!git.dirty || isDirty)) return undefined;
  note(
    git.commit === commit
      ? `files here differ from commit ${commit}: it is checked out into a folder of its own`
      : `the code here is of commit ${git.commit}: ${commit} is checked out into a folder of its own`,
  );
  return checkOut(project.folder, commit);
}

/** Program and arguments, without the home. */
async function commandOf(
  recipe: Recipe,
  project: Project,
  checkout: Checkout | undefined,
): Promise<string[]> {
  const { verb, overrides } = recipe;
  const folder = (await checkout?.inside(project.folder)) ?? project.folder;
  // Where Havn lies in the same repository, its code of then trains; else the one that is installed.
  const program = join((await checkout?.inside(havnRoot)) ?? havnRoot, "bin", "havn.js");
  if (!existsSync(program) || !existsSync(join(folder, "project.ts")))
    throw new TaskError(`the commit of the run has no ${existsSync(program) ? folder : program}`);
  const moved = await Promise.all(
    overrides.map(async (override) => {
      const [key = "", ...value] = override.split("=");
      const path = value.join("=");
      const inside = path.startsWith("/") && existsSync(path) ? await checkout?.inside(path) : undefined;
      // A file of the repository is taken as it was; one beside it is where it always was.
      return inside !== undefined && existsSync(inside) ? `${key}=${inside}` : override;
    }),
  );
  return [...launcherOf(recipe), process.execPath, program, verb, folder, ...moved];
}

/**
 * What starts as many processes as trained the run: a sum of other shares rounds otherwise.
 * @throws {TaskError} where nothing can start several
 */
function launcherOf({ runId, processes }: Recipe): string[] {
  if (processes === 1) return [];
  const { error } = spawnSync("mpirun", ["--version"]);
  if (error)
    throw new TaskError(
      `run ${runId} was trained in ${processes} processes, and there is no mpirun here to start as many: ${error.message}. Install Open MPI or MPICH; one process alone would come to other last digits.`,
    );
  return ["mpirun", "-n", String(processes)];
}

interface RunningAgain {
  readonly home: string;
  /** The run that is made again. */
  readonly run: Run;
  /** Whether the code of another commit runs. */
  readonly isOtherCode: boolean;
  readonly signal: AbortSignal;
}

/** @throws {TaskError} when the data is other data, or when the run fails where it had not failed */
async function runAgain(
  [program = "", ...words]: readonly string[],
  { home, run, isOtherCode, signal }: RunningAgain,
): Promise<void> {
  const child = spawn(program, [...words, "--home", home, "--json"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...elsewhere, NO_COLOR: "1" },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.on("close", resolve);
  const stop = () => child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  try {
    // A store that this program has opened may be too new for the code of another commit.
    if (!isOtherCode) await Promise.race([ended, requireSameDataSoon(home, run, ended)]);
    const code = await ended;
    if (signal.aborted) throw new TaskError("interrupted before the run was made again");
    if (code !== 0) throw new TaskError(`the run fails now, with code ${code}:\n${said.trim()}`);
  } finally {
    signal.removeEventListener("abort", stop);
    // mpirun has to end those that it started.
    child.kill(program === process.execPath ? "SIGKILL" : "SIGTERM");
    await ended;
  }
}

/** The new run stays in the temporary home, wherever other commands keep their state. */
const elsewhere = { HAVN_DATABASE_URL: "", HAVN_STORE: "", MLFLOW_TRACKING_URI: "" };

/** Data is logged before the first step: other data need not be trained on for nothing. */
async function requireSameDataSoon(home: string, run: Run, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  await using opened = await openHome(home);
  while (!isOver) {
    const [made] = await runsOf(opened.store);
    if (made) requireSameData(run.datasets, made.datasets);
    if (made && made.datasets.length >= run.datasets.length) return;
    await wait(100);
  }
}

async function openHome(home: string): Promise<{ readonly store: Store } & AsyncDisposable> {
  const store = await openStore({ home });
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

async function finishedRun(store: Store): Promise<Run> {
  const made = (await runsOf(store)).find(({ status }) => status === "FINISHED");
  if (made) return made;
  throw new TaskError("the run was made again and has not finished");
}

async function runsOf(store: Store): Promise<Run[]> {
  const { items } = await store.searchExperiments();
  const experimentIds = items.map(({ experimentId }) => experimentId);
  return (await store.searchRuns({ experimentIds })).items;
}

function formatComparison(
  runId: string,
  metrics: readonly MetricComparison[],
  places: readonly PlaceDifference[],
): string {
  const lines = metrics.map(({ key, values, isSame, first, largest = 0 }) =>
    isSame
      ? `  ${key}: the same, ${values} ${values === 1 ? "value" : "values"}`
      : `  ${key}: differs from step ${first?.step} on (${first?.original ?? "nothing"} then, ${first?.now ?? "nothing"} now), by at most ${Number((100 * largest).toPrecision(3))} %`,
  );
  const different = metrics.filter(({ isSame }) => !isSame).length;
  const why = places.length > 0 ? "; machine or versions are not those of then" : "";
  const verdict =
    different === 0
      ? `run ${runId} is reproduced: all numbers are the same`
      : `run ${runId} is not reproduced: ${different} of ${metrics.length} metrics differ${why}`;
  return [...lines, verdict].join("\n");
}
