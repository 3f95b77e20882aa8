/** Webhooks of a home folder: `webhooks.yaml`, delivered by the servers that run on it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { compose, validate } from "../config/index.ts";
import { deliverWebhooks, type Webhook } from "../tracking/index.ts";
import type { Context } from "./context.ts";

const webhooksFile = z.strictObject({
  webhooks: z.array(
    z.strictObject({
      url: z.url({ protocol: /^https?$/ }),
      /** As in `${oc.env:DEPLOY_SECRET}`, so that it does not lie in the file. */
      secret: z.string().min(1).optional(),
      model: z.string().min(1).optional(),
    }),
  ),
});

/** @throws {ConfigError} with the place of every wrong key */
export function readWebhooks(home: string): Webhook[] {
  if (!existsSync(join(home, "webhooks.yaml"))) return [];
  return validate(compose(home, { primary: "webhooks" }), webhooksFile).webhooks;
}

/** Delivers in the background for as long as it is in use. */
export function startWebhooks(
  { home, store }: Pick<Context, "home" | "store">,
  logger: Pick<Logger, "warn">,
): AsyncDisposable {
  const stop = new AbortController();
  const delivering = deliverWebhooks(store, readWebhooks(home), {
    signal: stop.signal,
    onFailure: ({ url, event, error, isLast }) =>
      logger.warn(
        { webhook: new URL(url).host, model: event.name, event: event.kind, error },
        isLast ? "a webhook was given up" : "a webhook will be tried again",
      ),
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await delivering;
    },
  };
}
