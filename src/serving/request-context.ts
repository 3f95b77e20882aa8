/** What surrounds every request: its id, the headers of its answer, its line in the log. */
import type { MiddlewareHandler } from "hono";
import type { Logger } from "pino";
import type { Clock } from "./clock.ts";

export interface ServiceEnv {
  Variables: {
    readonly requestId: string;
    /** When it came in, milliseconds since 1970. */
    readonly time: number;
    /** Milliseconds since then. */
    readonly elapsedMs: () => number;
  };
}

export interface RequestContextOptions {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly modelVersion: number;
  readonly logger: Logger | undefined;
}

export function requestContext({
  clock,
  newId,
  modelVersion,
  logger,
}: RequestContextOptions): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    const since = clock.elapsed();
    const elapsedMs = () => clock.elapsed() - since;
    const requestId = newId();
    c.set("requestId", requestId);
    c.set("time", clock.now());
    c.set("elapsedMs", elapsedMs);
    await next();
    const latencyMs = round(elapsedMs());
    c.res.headers.set("x-request-id", requestId);
    c.res.headers.set("x-model-version", String(modelVersion));
    c.res.headers.set("x-response-time-ms", String(latencyMs));
    c.res.headers.set("x-content-type-options", "nosniff");
    // The path without its query, where a GET carries its input.
    logger?.info(
      { requestId, method: c.req.method, path: c.req.path, status: c.res.status, latencyMs },
      "request",
    );
  };
}

/** Milliseconds to the microsecond. */
export const round = (ms: number): number => Math.round(ms * 1000) / 1000;
