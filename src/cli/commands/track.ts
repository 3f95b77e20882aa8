/** `havn track`: the tracking server alone. */
import { once } from "node:events";
import type { Command } from "commander";
import { listen } from "../../serving/index.ts";
import { trackingRoutes } from "../../tracking/index.ts";
import { type CommonOptions, withCommonOptions, withContext } from "../context.ts";
import { forKnownHosts } from "../known-hosts.ts";
import { type ListenOptions, withListenOptions } from "../listen-options.ts";

export function addTrackCommand(program: Command): void {
  withListenOptions(withCommonOptions(program.command("track")), 5000)
    .description("the tracking server alone: MLflow's REST API over experiments, runs and models")
    .action((options: CommonOptions & ListenOptions) =>
      withContext(options, async ({ store, terminal, signal }) => {
        const server = await listen(forKnownHosts(trackingRoutes(store), options), options);
        terminal.result(`MLFLOW_TRACKING_URI=${server.url} (Ctrl-C ends it)`, { url: server.url });
        if (!signal.aborted) await once(signal, "abort");
        await server.close();
      }),
    );
}
