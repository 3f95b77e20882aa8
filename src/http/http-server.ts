import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { getRequestListener, type Http2Bindings, type HttpBindings } from "@hono/node-server";
import { answerBrokenRequest, errorResponse, refuseBroken, refuseExpectation } from "./broken-request.ts";
import { HttpError } from "./http-error.ts";

export interface ListenOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  /** A client must have sent its headers after this long. */
  readonly headersTimeoutMs?: number;
  /** A client must have sent its whole request after this long. */
  readonly requestTimeoutMs?: number;
  /** How long a connection without a request stays open; longer than the minute that proxies keep theirs. */
  readonly keepAliveTimeoutMs?: number;
}

/** What answers requests: an application of hono, or whatever stands in front of one. */
export interface Application {
  fetch(request: Request, bindings?: HttpBindings | Http2Bindings): Response | Promise<Response>;
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
 * @throws {HttpError} `port-in-use` or `cannot-listen`
 */
export async function listen(
  app: Application,
  {
    port,
    host = "127.0.0.1",
    headersTimeoutMs = 10_000,
    requestTimeoutMs = 30_000,
    keepAliveTimeoutMs = 65_000,
  }: ListenOptions,
): Promise<HttpServer> {
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Node looks at the two timeouts only this often.
      connectionsCheckingInterval: Math.min(1000, headersTimeoutMs),
      // Node would refuse a request without one in no words.
      requireHostHeader: false,
    },
    hearingOut(
      refuseBroken(
        getRequestListener((request, bindings) => app.fetch(request, bindings), {
          hostname: host,
          errorHandler: errorResponse,
        }),
      ),
    ),
  );
  server.on("checkExpectation", hearingOut(refuseExpectation));
  server.on("clientError", answerBrokenRequest);
  try {
    // A thousand clients that come at once wait in the backlog until they are accepted.
    server.listen({ port, host, backlog: 4096 });
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(error as NodeJS.ErrnoException, host, port);
  }
  const address = server.address();
  const actualPort = typeof address === "object" && address !== null ? address.port : port;
  return {
    host,
    port: actualPort,
    url: `http://${urlHost(host)}:${actualPort}`,
    close: ({ limitMs = 10_000 } = {}) => closeGracefully(server, limitMs),
  };
}

/** How long a client may go on sending a body that was answered already. */
const hearingMs = 10_000;

/**
 * Lets clients finish what they say where it was answered before: a connection that is closed with bytes that nobody
 * has read is reset, and its client fails at writing instead of reading why it was refused.
 */
function hearingOut(answer: RequestListener): RequestListener {
  return (request, response) => {
    // Before Node's own listener, which closes connections that are not kept alive.
    response.prependOnceListener("finish", () => {
      if (!request.complete) hearOut(request);
    });
    answer(request, response);
  };
}

function hearOut(request: IncomingMessage): void {
  const { socket } = request;
  const close = socket.destroySoon;
  let isToClose = false;
  socket.destroySoon = () => {
    isToClose = true;
  };
  const limit = setTimeout(() => socket.destroy(), hearingMs).unref();
  request.once("close", () => {
    clearTimeout(limit);
    socket.destroySoon = close;
    if (isToClose) socket.destroySoon();
  });
  // Who began to read the body would pause it again.
  request.removeAllListeners("data");
  request.resume();
}

/** Something that a browser on the same machine can open. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

async function closeGracefully(server: Server, limitMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  // A connection that is kept alive would hold the server open after its last answer.
  server.prependListener("request", (_request, response) => response.setHeader("connection", "close"));
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const limit = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(limit);
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): HttpError {
  const place = `port ${port} of ${host}`;
  if (error.code === "EADDRINUSE")
    return new HttpError(
      "port-in-use",
      `${place} is in use by another program. Stop that program, or choose another port: --port ${port + 1}`,
      { expected: "a free port", got: String(port), cause: error },
    );
  const advice =
    error.code === "EACCES"
      ? "Ports below 1024 need more rights: choose a higher one, such as --port 8080"
      : error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND"
        ? "This machine has no such address: --host 127.0.0.1 serves this machine alone, --host 0.0.0.0 the network"
        : error.message;
  return new HttpError("cannot-listen", `cannot listen on ${place} (${error.code}). ${advice}`, {
    cause: error,
  });
}
