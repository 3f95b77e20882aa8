/** `havn track`: the tracking server alone. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import type { Command } from "commander";
import { Hono } from "hono";
import { listen } from "../../http/index.ts";
import { trackingRoutes } from "../../tracking/index.ts";
import { type AccessOptions, accessOf, withAccessOptions } from "../access-options.ts";
import { type CommonOptions, type Context, withCommonOptions, withContext } from "../context.ts";
import { forKnownHosts } from "../known-hosts.ts";
import { type ListenOptions, uploadTimeoutMs, withListenOptions } from "../listen-options.ts";
import { logger } from "../logger.ts";

type TrackOptions = CommonOptions & ListenOptions & AccessOptions;

export function addTrackCommand(program: Command): void {
  withAccessOptions(withListenOptions(withCommonOptions(program.command("track")), 5000))
    .description("the tracking server alone: MLflow's REST API over experiments, runs and models")
    .action(async (options: TrackOptions) => {
      const access = accessOf(options);
      collectEarly();
      await withContext(options, async (context) => {
        const { store, terminal, signal } = context;
        await using _ = await hooks(context, options);
        const app = forKnownHosts(withGreeting(trackingRoutes(store, { access })), options);
        const server = await listen(app, { ...options, requestTimeoutMs: uploadTimeoutMs });
        terminal.result(`MLFLOW_TRACKING_URI=${server.url} (Ctrl-C ends it)`, { url: server.url });
        if (!signal.aborted) await once(signal, "abort");
        await server.close();
      });
    });
}

/** For those who look in with a browser, and for those who ask whether it is up, as they ask the original. */
function withGreeting(routes: Hono): Hono {
  const greeting = (origin: string) =>
    `This is the tracking server of Havn: it speaks MLflow's REST API.

  MLFLOW_TRACKING_URI=${origin} python train.py

Pages of runs and models come with \`havn up\`, in place of \`havn track\`.
`;
  return new Hono()
    .get("/", (context) => context.text(greeting(new URL(context.req.url).origin)))
    .get("/health", (context) => context.text("OK"))
    .route("/", routes);
}

/** What reads their file is loaded where there is one. */
async function hooks(context: Context, options: TrackOptions): Promise<AsyncDisposable | undefined> {
  if (!existsSync(join(context.home, "hooks.yaml"))) return undefined;
  const { startHooks } = await import("../hooks.ts");
  return startHooks(context, logger(options));
}

/**
 * Requests leave nothing behind, so the heap need not grow before it is swept, nor code that is rarely run be compiled.
 * Set after loading, since compiled code is kept for the flags it was compiled with. Measured by `npm run bench --
 * tracking`: 140 MB with this and 330 MB without.
 */
function collectEarly(): void {
  for (const flag of ["--semi-space-growth-factor=1", "--heap-growing-percent=20", "--optimize-for-size"])
    setFlagsFromString(flag);
}
