// Requests to an MLflow server: encoding, errors, and patience while it is away.
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { processUser } from "../process-user.ts";
import { authorHeader } from "../rest/author.ts";
import { StoreError, type StoreErrorCode } from "../store-error.ts";

export interface ConnectionOptions {
  /** Sent as bearer token with every request (`MLFLOW_TRACKING_TOKEN`). */
  readonly token?: string | undefined;
  /** How long a server may be away before a call fails. */
  readonly patienceMs?: number;
  /** Waits between two tries. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

export type JsonBody = Readonly<Record<string, unknown>>;

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for every try. */
  readonly body?: () => Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | string;
  /** Whether it can be sent again: a stream that has been read cannot. */
  readonly isRepeatable?: () => boolean;
  /** Answers with these are handed back, they are no errors. */
  readonly accept?: readonly number[];
}

export interface Connection {
  readonly url: string;
  /** A call of the REST API: `call("POST", "runs/create", {...})`. */
  call<Reply extends z.ZodType>(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    route: string,
    body: JsonBody,
    reply: Reply,
    options?: {
      /**
       * Asked when the answer to a try was lost: what the call made after all, if it did. Without it the call is
       * simply made again, which is right for calls that do no more when they are made twice.
       */
      recover?: () => Promise<z.output<Reply> | undefined>;
    },
  ): Promise<z.output<Reply>>;
  /** Any request below the server's address. */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
}

/** Answers of a proxy or a server that is overloaded or restarts. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);
const firstPauseMs = 100;
const longestPauseMs = 5_000;

export const nothing = z.unknown();

/**
 * @param url of the server, such as `http://127.0.0.1:5000`; may hold `user:password@` for basic authentication
 * @throws {StoreError} `invalid` for what is no such address
 */
export function connect(
  url: string,
  { token, patienceMs = 60_000, wait = delay }: ConnectionOptions = {},
): Connection {
  const { base, authorization } = addressOf(url, token);
  const author = { [authorHeader]: encodeURIComponent(processUser()) };

  async function once(method: string, path: string, { headers, body }: RequestOptions): Promise<Response> {
    return fetch(base + path, {
      method,
      headers: { ...author, ...(authorization && { authorization }), ...headers },
      ...(body && { body: body(), duplex: "half" }),
    });
  }

  /** Tries until there is an answer that is none of a server in trouble, or patience ends. */
  async function persist(
    method: string,
    path: string,
    options: RequestOptions,
    recover?: () => Promise<unknown>,
  ): Promise<{ response: Response } | { recovered: unknown }> {
    const end = performance.now() + patienceMs;
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      const outcome = await once(method, path, options).catch((error: unknown) => lost(base, error));
      const isLost = outcome instanceof StoreError;
      if (!isLost && (!passing.has(outcome.status) || options.accept?.includes(outcome.status)))
        return { response: outcome };
      if (performance.now() + pause > end || options.isRepeatable?.() === false) {
        if (isLost) throw outcome;
        return { response: outcome };
      }
      // Some chance, so that clients of one server do not all come back in the same moment.
      await wait(pause * (0.5 + Math.random()));
      const recovered = await recover?.();
      if (recovered !== undefined) return { recovered };
    }
  }

  async function request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const outcome = await persist(method, path, options);
    if (!("response" in outcome)) throw new Error("nothing was recovered");
    const { response } = outcome;
    if (response.ok || options.accept?.includes(response.status)) return response;
    throw await refusal(response, base);
  }

  return {
    url: base,
    request,
    async call(method, route, body, reply, { recover } = {}) {
      const path = `/api/2.0/mlflow/${route}`;
      const isQuery = method === "GET";
      const outcome = await persist(
        method,
        isQuery ? `${path}?${queryOf(body)}` : path,
        isQuery ? {} : { headers: { "content-type": "application/json" }, body: () => JSON.stringify(body) },
        recover,
      );
      if ("recovered" in outcome) return outcome.recovered as z.output<typeof reply>;
      const { response } = outcome;
      if (!response.ok) throw await refusal(response, base);
      return read(reply, route, await response.json().catch(() => undefined));
    },
  };
}

function read<Reply extends z.ZodType>(reply: Reply, route: string, body: unknown): z.output<Reply> {
  const parsed = reply.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new StoreError(
    "unavailable",
    "tracking server",
    `the tracking server answers ${route} as no MLflow server does: ${issue?.path.join(".")} ${issue?.message}`,
  );
}

function addressOf(text: string, token: string | undefined): { base: string; authorization?: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new StoreError(
      "invalid",
      "tracking.uri",
      "the address of a tracking server must begin with http:// or https://, such as http://127.0.0.1:5000",
    );
  }
  const { username, password } = url;
  url.username = url.password = "";
  const base = url.href.replace(/\/+$/, "");
  if (token) return { base, authorization: `Bearer ${token}` };
  if (!username) return { base };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { base, authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** A key whose value is a list stands once for each element. */
function queryOf(body: JsonBody): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(body)) {
    for (const element of Array.isArray(value) ? value : [value])
      if (element !== undefined) query.append(key, String(element));
  }
  return query;
}

function lost(base: string, error: unknown): StoreError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new StoreError(
    "unavailable",
    "tracking server",
    `the tracking server ${base} cannot be reached: ${reason}`,
    { cause: error },
  );
}

const codes: Readonly<Record<string, StoreErrorCode>> = {
  RESOURCE_DOES_NOT_EXIST: "not-found",
  NOT_FOUND: "not-found",
  RESOURCE_ALREADY_EXISTS: "already-exists",
  RESOURCE_EXHAUSTED: "no-space",
  TEMPORARILY_UNAVAILABLE: "unavailable",
  INTERNAL_ERROR: "unavailable",
};

const errorReply = z.object({ error_code: z.string(), message: z.string().default("") });

async function refusal(response: Response, base: string): Promise<StoreError> {
  const text = await response.text().catch(() => "");
  const { data } = errorReply.safeParse(parseJson(text));
  if (response.status === 401 || response.status === 403) {
    const message = `the tracking server ${base} wants a token that allows this: set MLFLOW_TRACKING_TOKEN`;
    return new StoreError("invalid", "token", message);
  }
  if (!data) {
    const message = `the tracking server ${base} answered ${response.status}: ${text.slice(0, 200)}`;
    return new StoreError(response.status === 404 ? "not-found" : "unavailable", "tracking server", message);
  }
  return new StoreError(codes[data.error_code] ?? "invalid", data.error_code, data.message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
