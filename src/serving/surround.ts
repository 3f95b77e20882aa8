/** What surrounds every request: its id, the headers of its reply, its line in the log, and errors as replies. */
import type { Context } from "hono";
import type { Logger } from "pino";
import { type Call, type Reply, round, type ServiceEnv } from "./call.ts";
import type { Clock } from "./clock.ts";
import { asServingError, errorReply } from "./error-reply.ts";
import { type ServingErrorCode, servingStatus } from "./serving-error.ts";

export interface SurroundOptions {
  readonly clock: Clock;
  readonly newId: () => string;
  /** Version of the model that answers at the moment. */
  readonly modelVersion: () => number;
  readonly logger: Logger | undefined;
}

export type Handle = (call: Call) => Reply | Promise<Reply>;

/** What a client may name its request: enough for the ids of tracing, and nothing that could spoil a log. */
const wellFormedId = /^[\w.:/+=-]{1,128}$/;

/** Makes of a handler one that hono calls. The reply's headers are written at once: changing them later is slow. */
export function surround({ clock, newId, modelVersion, logger }: SurroundOptions) {
  return (handle: Handle, prefixOf: (c: Context<ServiceEnv>) => string) =>
    async (c: Context<ServiceEnv>): Promise<Response> => {
      const since = clock.elapsed();
      const given = c.req.header("x-request-id");
      const call: Call = {
        request: c.req,
        requestId: given !== undefined && wellFormedId.test(given) ? given : newId(),
        time: clock.now(),
        elapsedMs: () => clock.elapsed() - since,
        client: c.env?.incoming?.socket.remoteAddress,
        get prefix() {
          return prefixOf(c);
        },
        modelVersion: modelVersion(),
      };
      const { reply, code } = await answer(call, handle, logger);
      const { status = 200, headers, body } = reply;
      const { requestId, modelVersion: version } = call;
      const latencyMs = round(call.elapsedMs());
      // The path without its query, where a GET carries its input.
      const { method, path } = c.req;
      logger?.info({ requestId, method, path, status, code, version, latencyMs }, "request");
      return new Response(body, {
        status,
        headers: {
          ...headers,
          "x-request-id": requestId,
          "x-model-version": String(call.modelVersion),
          "x-response-time-ms": String(latencyMs),
          "x-content-type-options": "nosniff",
        },
      });
    };
}

/** The reply, and the code of the error where it is one. */
async function answer(
  call: Call,
  handle: Handle,
  logger: Logger | undefined,
): Promise<{ reply: Reply; code?: ServingErrorCode }> {
  try {
    return { reply: await handle(call) };
  } catch (error) {
    const answered = asServingError(error);
    const { code } = answered;
    if (servingStatus[code] === 500)
      logger?.error({ err: answered.cause ?? answered, requestId: call.requestId }, answered.message);
    return { reply: errorReply(answered), code };
  }
}
