/** Plain HTTP over one connection that stays open: little enough work for the server to be what is measured. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface KeepAliveClient {
  /** Sends a request and waits for the whole answer. @throws {Error} for another status than 200 */
  call(method: "GET" | "POST", path: string, body?: unknown): Promise<string>;
  close(): void;
}

class ConnectionClosed extends Error {}

const headEnd = Buffer.from("\r\n\r\n");

export async function keepAliveClient(url: string): Promise<KeepAliveClient> {
  const { hostname, port, host } = new URL(url);
  const open = async () => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return socket;
  };
  let socket = await open();
  return {
    async call(method, path, body) {
      const text = body === undefined ? "" : JSON.stringify(body);
      const length = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`;
      const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${method === "GET" ? "" : length}\r\n`;
      if (!socket.writable) socket = await open();
      // A server ends a connection that was idle for seconds, perhaps in the moment of the next request.
      const answer = await exchange(socket, head + text).catch(async (error: unknown) => {
        if (!(error instanceof ConnectionClosed)) throw error;
        socket = await open();
        return exchange(socket, head + text);
      });
      // Some servers end a connection after so many requests, and say so.
      if (answer.isLast) socket.destroy();
      if (answer.status === 200) return answer.body;
      throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    },
    close: () => socket.destroy(),
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly isLast: boolean;
}

function exchange(socket: Socket, request: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let needed = 0;
    const end = (answer: Answer | Error) => {
      socket.off("data", hear).off("error", end).off("close", closed);
      if (answer instanceof Error) reject(answer);
      else resolve(answer);
    };
    const closed = () => end(new ConnectionClosed("the server has closed the connection"));
    const hear = (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < needed) return;
      const whole = chunks.length === 1 ? chunk : Buffer.concat(chunks);
      const parsed = parse(whole);
      if (typeof parsed !== "number") return end(parsed);
      needed = parsed;
      chunks.splice(0, chunks.length, whole);
    };
    socket.on("data", hear).on("error", end).on("close", closed);
    socket.write(request);
  });
}

/** The answer, or how many bytes to wait for. */
function parse(whole: Buffer): Answer | number {
  const headLength = whole.indexOf(headEnd);
  if (headLength < 0) return whole.length + 1;
  const head = whole.toString("latin1", 0, headLength).toLowerCase();
  const start = headLength + headEnd.length;
  const rest = { status: Number(head.slice(9, 12)), isLast: /^connection: close\s*$/m.test(head) };
  const length = /^content-length: (\d+)/m.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return whole.length < end ? end : { ...rest, body: whole.toString("utf8", start, end) };
  }
  // Chunked: the last chunk has no bytes.
  if (whole.toString("latin1", whole.length - 5) !== "0\r\n\r\n") return whole.length + 1;
  const pieces: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = whole.indexOf("\r\n", at);
    const size = Number.parseInt(whole.toString("latin1", at, lineEnd), 16);
    if (size === 0) return { ...rest, body: Buffer.concat(pieces).toString("utf8") };
    pieces.push(whole.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
