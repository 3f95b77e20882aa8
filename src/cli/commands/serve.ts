/** `havn serve`: one project's own service, its routes at the root. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { listen } from "../../serving/index.ts";
import {
  loadProject,
  projectConfig,
  TaskError,
  untrainedVersion,
  withoutCheckpoint,
} from "../../tasks/index.ts";
import { type Precision, precisions } from "../../tensor/index.ts";
import { openStore, registryChanges } from "../../tracking/index.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { forKnownHosts } from "../known-hosts.ts";
import { type ListenOptions, withListenOptions } from "../listen-options.ts";
import { logger } from "../logger.ts";
import { type PredictionPlace, predictionPlace, projectPredictions } from "../project-predictions.ts";
import { ProjectService } from "../project-service.ts";
import { type ServingOptions, servingLimits, shutdownMs, withServingOptions } from "../serving-options.ts";
import { stopSignal } from "../stop-signal.ts";
import { terminal } from "../terminal.ts";
import { parseVersion } from "./parse-version.ts";

interface ServeOptions extends CommonOptions, ListenOptions, ServingOptions {
  readonly modelVersion?: number;
  readonly randomWeights?: boolean;
  readonly preset?: string;
  readonly precision: Precision;
}

export function addServeCommand(program: Command): void {
  withServingOptions(withListenOptions(withCommonOptions(program.command("serve")), 8000))
    .description("one project's own service, its routes at the root")
    .argument("<project>", "name or folder of the project")
    .option(
      "--model-version <n>",
      "this version; the promoted one, as it changes, unless given",
      parseVersion,
    )
    .option("--random-weights", "an untrained model, kept nowhere: for tests under load")
    .option("--preset <name>", "which model that is, the same as model=NAME")
    .addOption(
      new Option("--precision <kind>", "how its weights are stored").choices(precisions).default("float32"),
    )
    .action(async (name: string, options: ServeOptions) => {
      if (!options.randomWeights && options.preset !== undefined)
        throw new TaskError(
          "--preset chooses a model with --random-weights; a trained one is --model-version N",
        );
      if (options.randomWeights) return withUntrained(name, options);
      return withContext(options, (context) =>
        serve(name, { ...context, placeOf: (project) => predictionPlace(project, context) }, options),
      );
    });
}

/** What a service needs around it. */
interface Surroundings extends Pick<Context, "store" | "terminal" | "signal"> {
  /** Where the predictions of a project are written down. */
  placeOf(project: string): Promise<PredictionPlace>;
}

/**
 * In a folder that is thrown away, apart from the database and bucket of the environment: no other service should promote
 * an untrained model, and no report count its answers.
 */
async function withUntrained(name: string, options: ServeOptions): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "havn-untrained-"));
  const store = await openStore({ home });
  using stop = stopSignal();
  const { signal } = stop;
  const placeOf = async (project: string) => ({ folder: join(home, "predictions", project) });
  const surroundings = { store, signal, terminal: terminal(options), placeOf };
  try {
    await makeUntrained(name, surroundings, options);
    signal.throwIfAborted();
    await serve(name, surroundings, options);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await store.close();
    await rm(home, { recursive: true, force: true });
  }
}

async function makeUntrained(
  name: string,
  { store, terminal, signal }: Surroundings,
  { preset, precision }: ServeOptions,
): Promise<void> {
  const project = await loadProject(name);
  const command = `havn serve ${name}`;
  const chosen = preset === undefined ? [] : [`model=${preset}`];
  const standIns = withoutCheckpoint(projectConfig(project, chosen, { command }));
  const config = projectConfig(project, [...chosen, ...standIns], { command });
  terminal.note("the weights are random, and so are the answers");
  await untrainedVersion(project, { config, precision, store, signal });
}

async function serve(
  name: string,
  { store, terminal, signal, placeOf }: Surroundings,
  options: ServeOptions,
): Promise<void> {
  const project = await loadProject(name);
  const log = logger(options);
  const served = new ProjectService(project, {
    store,
    ...projectPredictions(await placeOf(project.name), options, log),
    ...servingLimits(options),
    logger: log,
  });
  const { app } = await served.open(options.modelVersion);
  const server = await listen(forKnownHosts(app, options), options).catch(async (error: unknown) => {
    await served.close();
    throw error;
  });
  const words = [
    `${project.name} answers ${project.route.method} ${server.url}${project.route.path}`,
    `Try it at ${server.url}/docs (Ctrl-C ends it)`,
  ];
  terminal.result(words.join("\n"), { url: server.url });
  if (options.modelVersion === undefined)
    for await (const _ of registryChanges(store, { signal })) {
      const isNew = await served
        .refresh()
        .catch((err: unknown) => log.error({ err }, "no new version can be served"));
      if (isNew) terminal.note(`${project.name}: version ${served.version} is served now`);
    }
  else if (!signal.aborted) await once(signal, "abort");
  await server.close({ limitMs: shutdownMs(options) });
  await served.close();
}
