/** `havn serve`: one project's own service, its routes at the root. */
import { once } from "node:events";
import type { Command } from "commander";
import { listen, openPredictionLog } from "../../serving/index.ts";
import { loadProject, openService } from "../../tasks/index.ts";
import { type CommonOptions, withCommonOptions, withContext } from "../context.ts";
import { forKnownHosts } from "../known-hosts.ts";
import { type ListenOptions, withListenOptions } from "../listen-options.ts";
import { logger } from "../logger.ts";
import { parseVersion } from "./parse-version.ts";

interface ServeOptions extends CommonOptions, ListenOptions {
  readonly modelVersion?: number;
}

export function addServeCommand(program: Command): void {
  withListenOptions(withCommonOptions(program.command("serve")), 8000)
    .description("one project's own service, its routes at the root")
    .argument("<project>", "name or folder of the project")
    .option("--model-version <n>", "this version; the promoted one unless given", parseVersion)
    .action(async (name: string, options: ServeOptions) => {
      const project = await loadProject(name);
      await withContext(options, async ({ store, predictions, terminal, signal }) => {
        const log = logger(options);
        const written = openPredictionLog(predictions(project.name), { logger: log });
        const service = await openService(project, {
          store,
          predictions: written,
          version: options.modelVersion,
          logger: log,
        });
        const server = await listen(forKnownHosts(service.app, options), options).catch(
          async (error: unknown) => {
            await service.close();
            throw error;
          },
        );
        const words = [
          `${project.name} answers ${project.route.method} ${server.url}${project.route.path}`,
          `Try it at ${server.url}/docs (Ctrl-C ends it)`,
        ];
        terminal.result(words.join("\n"), { url: server.url });
        if (!signal.aborted) await once(signal, "abort");
        await server.close();
        await service.close();
        await written.close();
      });
    });
}
