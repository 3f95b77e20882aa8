import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Hono } from "hono";
import { afterEach, describe, expect, test } from "vitest";
import { service } from "../serving/service.ts";
import { filmOptions, openFilmModel } from "../serving/testing/film-service.ts";
import { HttpError } from "./http-error.ts";
import { type HttpServer, type ListenOptions, listen } from "./http-server.ts";

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close({ limitMs: 0 })));
});

async function start(app: Hono, options: Partial<ListenOptions> = {}): Promise<HttpServer> {
  const server = await listen(app, { port: 0, ...options });
  open.push(server);
  return server;
}

const hello = () => new Hono().get("/", (c) => c.text("hello"));

/** An application whose one answer waits until the test lets it go. */
function waiting() {
  const arrived = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const app = new Hono().get("/", async (c) => {
    arrived.resolve();
    return c.text(await answer.promise);
  });
  return { app, arrived: arrived.promise, answer: answer.resolve };
}

test("a service answers on a real port, and refuses what is too large without harm to the next request", async () => {
  const films = service(filmOptions(await openFilmModel()));
  const { url } = await start(new Hono().route("/projects/films", films.app));
  const ask = (statement: string) =>
    fetch(`${url}/projects/films/inference`, {
      method: "POST",
      body: JSON.stringify({ statement }),
      headers: { "content-type": "application/json" },
    });
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await (await ask("good")).json()).toEqual({ sentiment: 1 });
  for (const megabytes of [1, 10]) {
    const refused = await ask("x".repeat(megabytes * 2 ** 20));
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ error: { code: "body-too-large" } });
  }
  expect((await ask("good")).headers.get("x-request-id")).toMatch(/^request-/);
  await films.close();
});

test("a body without a length is limited while it is read", async () => {
  const films = service(filmOptions(await openFilmModel()));
  const { url } = await start(new Hono().route("/", films.app));
  let sent = 0;
  const endless = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(2 ** 16));
      sent += 2 ** 16;
    },
  });
  const reply = await fetch(`${url}/inference`, {
    method: "POST",
    body: endless,
    duplex: "half",
    headers: { "content-type": "application/json" },
  });
  expect(reply.status).toBe(413);
  expect(sent).toBeLessThan(2 ** 26);
  await films.close();
});

test.each([
  ["before its body is looked at", new Hono().post("/", (c) => c.text("too large", 413))],
  [
    "while its body is read",
    new Hono().post("/", async (c) => {
      await c.req.raw.body?.getReader().read();
      return c.text("too large", 413);
    }),
  ],
])("a client that is refused %s may finish, and reads why", async (_, app) => {
  const { host, port } = await start(app);
  const client = connect(port, host);
  const received = text(client);
  const size = 2 ** 24;
  client.write(`POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${size}\r\n\r\n`);
  client.write(Buffer.alloc(2 ** 16));
  await once(client, "readable");
  client.write(Buffer.alloc(size - 2 ** 16));
  expect(await received).toMatch(/^HTTP\/1\.1 413 .*too large$/s);
});

describe("close", () => {
  test("finishes what was accepted and takes nothing new", async () => {
    const { app, arrived, answer } = waiting();
    const server = await start(app);
    const accepted = fetch(server.url);
    await arrived;
    const closed = server.close();
    await expect(fetch(server.url)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    answer("here you are");
    expect(await (await accepted).text()).toBe("here you are");
    await closed;
  });

  test("does not wait for connections that are only kept alive", async () => {
    const server = await start(hello(), { keepAliveTimeoutMs: 3_600_000 });
    const agent = new Agent({ keepAlive: true });
    const [response] = await once(httpRequest(server.url, { agent }).end(), "response");
    expect(await text(response)).toBe("hello");
    await server.close({ limitMs: 3_600_000 });
    agent.destroy();
  });

  test("cuts off after its limit what does not end", async () => {
    const { app, arrived } = waiting();
    const server = await start(app);
    const accepted = fetch(server.url);
    const outcome = expect(accepted).rejects.toThrow();
    await arrived;
    await server.close({ limitMs: 1 });
    await outcome;
  });
});

test("a client that sends its headers too slowly is cut off with 408", async () => {
  const server = await start(hello(), { headersTimeoutMs: 20 });
  const socket = connect(server.port, server.host);
  socket.write("GET / HTTP/1.1\r\nhost: slow\r\n");
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

describe("what is no request", () => {
  const say = async (server: HttpServer, bytes: string | Buffer) => {
    const socket = connect(server.port, server.host);
    socket.write(bytes);
    const [head, body = ""] = (await text(socket)).split("\r\n\r\n");
    return { status: Number(head!.split(" ")[1]), body };
  };
  const headers = (count: number, value = "x") =>
    `GET / HTTP/1.1\r\nhost: localhost\r\n${Array.from({ length: count }, (_, i) => `h${i}: ${value}\r\n`).join("")}\r\n`;

  const get = (url: string, host = "localhost") =>
    `GET ${url} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;

  test.each([
    ["a thousand headers", headers(1000), 431, "at most 100 headers"],
    ["headers of 100 kB", headers(90, "x".repeat(1200)), 431, "16 kB"],
    ["a URL of 20 kB", get(`/?input=${"%C3%A5".repeat(3500)}`), 431, "POST /predictions"],
    ["letters beyond ASCII in a URL", get("/?input=å"), 400, "percent signs"],
    ["a URL without a slash", get("health"), 400, "begins with /"],
    [
      "a URL that is a star",
      "OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
      400,
      "begins with /",
    ],
    ["half an absolute URL", get("http://"), 400, "begins with /"],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400, "must have the header Host"],
    ["a host with a space", get("/", "a b"), 400, "Host as NAME or NAME:PORT"],
    ["a host with a path", get("/", "localhost/path"), 400, "Host as NAME or NAME:PORT"],
    ["an expectation nobody knows", get("/", "localhost\r\nexpect: tea"), 417, "100-continue"],
    ["another protocol", Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]), 400, "no request"],
    ["a line that never was one", "hello\r\n\r\n", 400, "no request"],
  ])("such as %s is a 4xx that says what is expected", async (_, bytes, status, message) => {
    const server = await start(hello());
    const answer = await say(server, bytes);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).error.message).toContain(message);
    expect(await (await fetch(server.url)).text()).toBe("hello");
  });

  test("has a host, which HTTP/1.0 may leave out", async () => {
    const server = await start(hello());
    expect(await say(server, "GET / HTTP/1.0\r\n\r\n")).toEqual({ status: 200, body: "hello" });
  });

  test("does not hold up the others, whether it dribbles its headers or its body", async () => {
    const server = await start(hello(), { headersTimeoutMs: 20, requestTimeoutMs: 40 });
    const slow = [
      "GET / HTTP/1.1\r\nhost: slow\r\n",
      "POST / HTTP/1.1\r\nhost: slow\r\ncontent-length: 1000\r\n\r\nx",
    ];
    const ends = Array.from({ length: 50 }, (_, i) => say(server, slow[i % 2]!));
    expect(await (await fetch(server.url)).text()).toBe("hello");
    for (const { status } of await Promise.all(ends)) expect(status).toBeOneOf([404, 408]);
  });
});

describe("a port that cannot be had", () => {
  test("because it is in use, is named with what to do", async () => {
    const { port } = await start(hello());
    const error = await listen(hello(), { port }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({
      code: "port-in-use",
      message:
        `port ${port} of 127.0.0.1 is in use by another program. ` +
        `Stop that program, or choose another port: --port ${port + 1}`,
    });
  });

  test.each([
    [{ port: 70_000 }, "port 70000 of 127.0.0.1"],
    [{ port: 0, host: "192.0.2.1" }, "port 0 of 192.0.2.1"],
  ])("because there is no such place: %o", async (options, place) => {
    await expect(listen(hello(), options)).rejects.toMatchObject({
      code: "cannot-listen",
      message: expect.stringContaining(place),
    });
  });
});
