import type { Hono } from "hono";

export interface ListenOptions {
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A client must have sent its headers after this long. */
  readonly headersTimeoutMs?: number;
  /** A client must have sent its whole request after this long. */
  readonly requestTimeoutMs?: number;
  /** How long a connection without a request stays open. */
  readonly keepAliveTimeoutMs?: number;
}

/** A server that accepts connections. */
export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Where a browser finds it, without a slash at the end. */
  readonly url: string;
  /** Stops accepting, finishes what was accepted within `limitMs`, then cuts off what is left. */
  close(options?: { limitMs?: number }): Promise<void>;
}

/**
 * Serves an application over HTTP.
 *
 * @throws {ServingError} `port-in-use` or `cannot-listen`
 */
export async function listen(app: Pick<Hono, "fetch">, options: ListenOptions): Promise<HttpServer> {
  throw new Error(`not written yet: ${app} ${options}`);
}
