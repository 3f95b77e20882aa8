/** `havn serve`: one project's own service, its routes at the root. */
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { listen } from "../../serving/index.ts";
import { loadProject } from "../../tasks/index.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { forKnownHosts } from "../known-hosts.ts";
import { type ListenOptions, withListenOptions } from "../listen-options.ts";
import { logger } from "../logger.ts";
import { predictionLog } from "../prediction-log.ts";
import { ProjectService } from "../project-service.ts";
import { type ServingOptions, servingLimits, withServingOptions } from "../serving-options.ts";
import { parseVersion } from "./parse-version.ts";

interface ServeOptions extends CommonOptions, ListenOptions, ServingOptions {
  readonly modelVersion?: number;
}

/** How often a changed alias is looked for. */
const refreshMs = 2000;

export function addServeCommand(program: Command): void {
  withServingOptions(withListenOptions(withCommonOptions(program.command("serve")), 8000))
    .description("one project's own service, its routes at the root")
    .argument("<project>", "name or folder of the project")
    .option(
      "--model-version <n>",
      "this version; the promoted one, as it changes, unless given",
      parseVersion,
    )
    .action((name: string, options: ServeOptions) =>
      withContext(options, (context) => serve(name, context, options)),
    );
}

async function serve(name: string, context: Context, options: ServeOptions): Promise<void> {
  const { store, terminal, signal } = context;
  const project = await loadProject(name);
  const log = logger(options);
  const served = new ProjectService(project, {
    store,
    predictions: predictionLog(project.name, context, options, log),
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
  while (!signal.aborted) {
    await wait(refreshMs, undefined, { signal }).catch(() => {});
    if (signal.aborted || options.modelVersion !== undefined) continue;
    const isNew = await served
      .refresh()
      .catch((err: unknown) => log.error({ err }, "no new version can be served"));
    if (isNew) terminal.note(`${project.name}: version ${served.version} is served now`);
  }
  await server.close();
  await served.close();
}
