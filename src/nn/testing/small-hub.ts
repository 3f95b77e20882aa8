/** A server that answers as the Hugging Face hub does, as far as `@huggingface/hub` asks for downloads. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SmallHub {
  readonly url: string;
  /** What was asked for: `GET /api/models/...`. */
  readonly requests: string[];
  /** Set to change what happens next. */
  readonly behaviour: Behaviour;
  close(): Promise<void>;
}

export interface Behaviour {
  /** Files of the models, by `NAME/FILE`. */
  files: Record<string, string>;
  /** Asks for this token. */
  token?: string;
  /** What is sent of a file: all of it, half of it before the connection breaks, or half of it as if it were all. */
  sends?: "all" | "broken" | "short";
}

/** The commit that every model is at. */
export const commit = "0123456789abcdef0123456789abcdef01234567";

export async function smallHub(files: Record<string, string>): Promise<SmallHub> {
  const behaviour: Behaviour = { files };
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split("?")[0]}`);
    void answer(request, response, behaviour);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    behaviour,
    async close() {
      server.closeAllConnections();
      if (server.listening) await once(server.close(), "close");
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  behaviour: Behaviour,
): Promise<void> {
  const { files, token, sends = "all" } = behaviour;
  const json = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (token && request.headers.authorization !== `Bearer ${token}`)
    return void json(401, { error: "Invalid credentials" });
  const path = decodeURIComponent(new URL(request.url!, "http://hub").pathname);
  const [, info] = /^\/api\/models\/(.+)\/revision\/(?:main|HEAD)$/.exec(path) ?? [];
  const [, listed] = /^\/api\/models\/(.+)\/paths-info\/[0-9a-f]{40}$/.exec(path) ?? [];
  const [, model, file] = /^\/(.+)\/resolve\/[0-9a-f]{40}\/(.+)$/.exec(path) ?? [];
  const known = (name: string) => Object.keys(files).some((key) => key.startsWith(`${name}/`));
  if (info && known(info)) return void json(200, { _id: "1", id: info, sha: commit });
  if (listed && known(listed)) {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { paths } = JSON.parse(body) as { paths: string[] };
    const found = paths.filter((name) => files[`${listed}/${name}`] !== undefined);
    return void json(
      200,
      found.map((name) => describe(name, files[`${listed}/${name}`]!)),
    );
  }
  const content = model && file ? files[`${model}/${file}`] : undefined;
  if (content === undefined) {
    response.setHeader("x-error-code", model && known(model) ? "EntryNotFound" : "RepoNotFound");
    return void json(404, { error: "not found" });
  }
  send(request, response, content, sends);
}

const oidOf = (content: string) => createHash("sha1").update(content).digest("hex");
const describe = (path: string, content: string) => ({
  ...{ type: "file", path, oid: oidOf(content), size: content.length },
});

function send(
  { headers: { range } }: IncomingMessage,
  response: ServerResponse,
  content: string,
  sends: NonNullable<Behaviour["sends"]>,
): void {
  const [, first = "0", last = String(content.length - 1)] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  const part = content.slice(Number(first), Number(last) + 1);
  // The library asks for the first byte to learn the size.
  const isWhole = part.length > 1;
  const sent = isWhole && sends !== "all" ? part.slice(0, part.length >> 1) : part;
  response.writeHead(206, {
    etag: `"${oidOf(content)}"`,
    "content-range": `bytes ${first}-${last}/${content.length}`,
    "content-length": isWhole && sends === "short" ? sent.length : part.length,
  });
  response.write(sent, () => (isWhole && sends === "broken" ? response.destroy() : response.end()));
}
