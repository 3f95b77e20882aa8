/** One request on its way through a service, and what is replied. */
import type { HttpBindings } from "@hono/node-server";
import type { HonoRequest } from "hono";

export interface ServiceEnv {
  Bindings: Partial<HttpBindings> & {
    /** Where the service stands below another application: `/projects/movie-reviews`. */
    readonly below?: string;
  };
}

export interface Call {
  readonly request: HonoRequest;
  readonly requestId: string;
  /** When it came in, milliseconds since 1970. */
  readonly time: number;
  /** Milliseconds since then. */
  elapsedMs(): number;
  /** Address of the client; undefined where there is no connection, as in a test. */
  readonly client: string | undefined;
  /** The path before the service's own, as in `/projects/movie-reviews`. */
  readonly prefix: string;
  /** Version of the model that answers, for the headers. */
  modelVersion: number;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

export const json = (value: unknown, { status = 200, headers = {} }: Omit<Reply, "body"> = {}): Reply => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});

/** Milliseconds to the microsecond. */
export const round = (ms: number): number => Math.round(ms * 1000) / 1000;
