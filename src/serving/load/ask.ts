import { once } from "node:events";
import { type Agent, type IncomingMessage, request } from "node:http";

/** One request as it is sent. */
export interface LoadRequest {
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface LoadAnswer {
  readonly status: number;
  /** When the service says that it is worth asking again. */
  readonly retryAfterSeconds: number | undefined;
  readonly body: string;
}

/** Asks once, alone. Rejects with the connection's error. */
export async function ask(
  base: URL,
  agent: Agent,
  wanted: LoadRequest,
  timeoutMs: number,
): Promise<LoadAnswer> {
  const { method, path, headers, body } = wanted;
  const length = body === undefined ? {} : { "content-length": String(body.byteLength) };
  const { hostname, port } = base;
  const prefix = base.pathname.replace(/\/$/, "");
  const sent = request({
    ...{ agent, method, hostname, port, path: prefix + path, timeout: timeoutMs },
    headers: { ...headers, ...length },
  });
  sent.on("timeout", () => sent.destroy(Object.assign(new Error("no answer in time"), { code: "TIMEOUT" })));
  // A connection that breaks after the status is noticed where the body is read.
  sent.on("error", () => {});
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const retryAfter = response.headers["retry-after"];
  return {
    status: response.statusCode ?? 0,
    retryAfterSeconds: retryAfter === undefined ? undefined : Number(retryAfter),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}
