/** Requests that are none: each is told in JSON what is wrong with it and what to send, before the application. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { RequestError } from "@hono/node-server";

/** More than any browser or proxy sends; what stands in more of them is no request for a prediction. */
const maxHeaders = 100;

interface Problem {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
}

const problem = (status: number, reason: string, code: string, message: string): Problem => ({
  status,
  reason,
  body: JSON.stringify({ error: { code, message } }),
});

/** What can be wrong with a request before there is one, by the code that Node has for it. */
const problems = {
  HPE_HEADER_OVERFLOW: problem(
    431,
    "Request Header Fields Too Large",
    "headers-too-large",
    `a request must have at most ${maxHeaders} headers, of 16 kB together with its URL: send what is longer in a body, to a service as the JSON of POST /predictions`,
  ),
  HPE_INVALID_URL: problem(
    400,
    "Bad Request",
    "invalid-url",
    "a URL begins with / and has ASCII characters only: write the others with percent signs, as curl does with --data-urlencode and --get",
  ),
  ERR_HTTP_REQUEST_TIMEOUT: problem(
    408,
    "Request Timeout",
    "request-timeout",
    "the request did not come in time: send its headers and body without a pause",
  ),
} as const;
const notHttp = problem(400, "Bad Request", "not-http", "this is no request in HTTP/1.1");
const noHost = problem(
  400,
  "Bad Request",
  "invalid-host",
  "a request in HTTP/1.1 must have the header Host: send the host and port of the URL, such as Host: localhost:8000",
);
const unknownExpectation = problem(
  417,
  "Expectation Failed",
  "unknown-expectation",
  "the header Expect can only be 100-continue: leave it out, or send that",
);
const failed = problem(500, "Internal Server Error", "internal", "the server failed on this request");

/** What speaks no HTTP, or never ends; without this Node closes the connection with an empty reply. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return;
  const { status, reason, body } = problems[error.code as keyof typeof problems] ?? notHttp;
  const head = `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\nconnection: close`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** Refuses requests with too many headers, or without a host, before the application sees them. */
export function refuseBroken(answer: RequestListener): RequestListener {
  return (request, response) => {
    if (request.rawHeaders.length / 2 > maxHeaders) return refuse(response, problems.HPE_HEADER_OVERFLOW);
    // RFC 9112, section 3.2; HTTP/1.0 does without.
    if (request.headers.host === undefined && request.httpVersion !== "1.0") return refuse(response, noHost);
    answer(request, response);
  };
}

/** An expectation that nobody can meet (RFC 9110, section 10.1.1). */
export const refuseExpectation = (_request: IncomingMessage, response: ServerResponse): void =>
  refuse(response, unknownExpectation);

function refuse(response: ServerResponse, { status, body }: Problem): void {
  response
    .writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      connection: "close",
    })
    .end(body);
}

/** Of a request that has no address, or an error that the application let go. */
export function errorResponse(error: unknown): Response {
  const { status, body } = error instanceof RequestError ? noAddress(error) : failed;
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

const noAddress = ({ message }: Error): Problem =>
  problem(
    400,
    "Bad Request",
    "invalid-url",
    `the URL and the header Host are no address (${message}): send a URL that begins with /, and Host as NAME or NAME:PORT`,
  );
