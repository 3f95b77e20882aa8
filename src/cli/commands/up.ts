/** `havn up`: everything in one process. */
import type { Command } from "commander";
import type { Logger } from "pino";
import { listen } from "../../serving/index.ts";
import {
  endAbandonedRuns,
  loadProject,
  type Project,
  projectNames,
  unfinishedRun,
} from "../../tasks/index.ts";
import { registryChanges, type Store } from "../../tracking/index.ts";
import { type AccessOptions, accessOf, withAccessOptions } from "../access-options.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { havnApp } from "../havn-app.ts";
import { startHooks } from "../hooks.ts";
import { forKnownHosts } from "../known-hosts.ts";
import { type ListenOptions, uploadTimeoutMs, withListenOptions } from "../listen-options.ts";
import { logger } from "../logger.ts";
import { predictionPlace, projectPredictions } from "../project-predictions.ts";
import { ProjectServices } from "../project-services.ts";
import { type ServingOptions, servingLimits, shutdownMs, withServingOptions } from "../serving-options.ts";
import { runProject } from "./train.ts";

interface UpOptions extends CommonOptions, ListenOptions, AccessOptions, ServingOptions {
  readonly train: boolean;
}

/** Trained first where there is no model at all, so that a newcomer has something to try. */
const firstProject = "movie-reviews";

export function addUpCommand(program: Command): void {
  withServingOptions(withAccessOptions(withListenOptions(withCommonOptions(program.command("up")), 8080)))
    .description("tracking, registry, services of all promoted models and web pages in one process")
    .option("--no-train", "do not train a first model where there is none")
    .action((options: UpOptions) => withContext(options, (context) => up(context, options)));
}

/** Of services that share a machine with others, most stand idle: one worker with all threads is enough for each. */
const workersOfEach = 1;

async function up(context: Context, options: UpOptions): Promise<void> {
  const { terminal, signal, store } = context;
  const access = accessOf(options);
  const projects = await Promise.all((await projectNames()).map((name) => loadProject(name)));
  const log = logger(options);
  const logs = new Map(
    await Promise.all(
      projects.map(
        async ({ name }) =>
          [name, projectPredictions(await predictionPlace(name, context), options, log)] as const,
      ),
    ),
  );
  const services = new ProjectServices(projects, {
    store,
    predictions: (project) => logs.get(project)!,
    ...servingLimits({ ...options, workers: options.workers ?? workersOfEach }),
    logger: log,
  });
  const app = havnApp({ store, projects: () => services.projects, access });
  const server = await listen(forKnownHosts(app, options), { ...options, requestTimeoutMs: uploadTimeoutMs });
  await using _hooks = startHooks(context, log);
  using _runs = await watchRuns(projects, store, log);
  try {
    await services.refresh();
    terminal.result(`Havn is at ${server.url} (Ctrl-C ends it)`, { url: server.url });
    if (options.train && services.projects.every(({ service }) => !service)) {
      terminal.note(`There is no model yet: training ${firstProject} (preset small, a minute or two).`);
      terminal.note(`Watch it at ${server.url}/#/runs`);
      const project = projects.find(({ name }) => name === firstProject);
      if (project) await trainFirst(project, context);
      await services.refresh();
    }
    for (const { project, version } of services.projects)
      if (version)
        terminal.note(`${project.name} (version ${version}): ${server.url}/#/projects/${project.name}`);
    for await (const _change of registryChanges(store, { signal }))
      for (const { project, version } of await services.refresh())
        terminal.note(`${project.name}: version ${version} is served now`);
  } finally {
    await server.close({ limitMs: shutdownMs(options) });
    await services.close();
  }
}

/** How long a run may count as running after its process was killed. */
const runsEveryMs = 60_000;

/** Ends the runs of processes that were killed, now and from time to time. */
async function watchRuns(projects: readonly Project[], store: Store, log: Logger): Promise<Disposable> {
  const look = async () => {
    for (const project of projects) await endAbandonedRuns(project, store);
  };
  await look();
  const timer = setInterval(
    () => look().catch((err: unknown) => log.error({ err }, "runs cannot be looked through")),
    runsEveryMs,
  );
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Goes on with the training that an earlier `havn up` was stopped or killed in, or starts it. */
async function trainFirst(project: Project, context: Context): Promise<void> {
  const { store, checkpoints, terminal } = context;
  const command = "havn up";
  const unfinished = await unfinishedRun(project, store, checkpoints);
  if (unfinished)
    try {
      terminal.note(`Run ${unfinished.runId} was not brought to its end: it goes on where it was.`);
      await runProject(project, [], { context, command, resume: unfinished.runId });
      return;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      terminal.note(`It cannot: ${reason}\nA new run takes its place.`);
    }
  await runProject(project, [], { context, command });
}
