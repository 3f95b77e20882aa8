/** `havn track`: the tracking server alone. */
import { once } from "node:events";
import type { Command } from "commander";
import { listen } from "../../serving/index.ts";
import { trackingRoutes } from "../../tracking/index.ts";
import { type AccessOptions, accessOf, withAccessOptions } from "../access-options.ts";
import { type CommonOptions, withCommonOptions, withContext } from "../context.ts";
import { forKnownHosts } from "../known-hosts.ts";
import { type ListenOptions, uploadTimeoutMs, withListenOptions } from "../listen-options.ts";
import { logger } from "../logger.ts";
import { startWebhooks } from "../webhooks.ts";

type TrackOptions = CommonOptions & ListenOptions & AccessOptions;

export function addTrackCommand(program: Command): void {
  withAccessOptions(withListenOptions(withCommonOptions(program.command("track")), 5000))
    .description("the tracking server alone: MLflow's REST API over experiments, runs and models")
    .action(async (options: TrackOptions) => {
      const access = accessOf(options);
      await withContext(options, async (context) => {
        const { store, terminal, signal } = context;
        await using _ = startWebhooks(context, logger(options));
        const app = forKnownHosts(trackingRoutes(store, { access }), options);
        const server = await listen(app, { ...options, requestTimeoutMs: uploadTimeoutMs });
        terminal.result(`MLFLOW_TRACKING_URI=${server.url} (Ctrl-C ends it)`, { url: server.url });
        if (!signal.aborted) await once(signal, "abort");
        await server.close();
      });
    });
}
