import { request } from "node:http";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../serving/index.ts";
import { forKnownHosts } from "./known-hosts.ts";

const app = new Hono().get("/", (c) => c.text("hello"));
const answer = async (host: string, name: string, allowHost: string[] = []) =>
  (await forKnownHosts(app, { host, allowHost }).fetch(new Request(`http://${name}/`))).status;

test.each(["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "havn.localhost", "LOCALHOST"])(
  "a server of this machine answers as %s",
  async (name) => {
    expect(await answer("127.0.0.1", name)).toBe(200);
  },
);

test.each([
  "elsewhere.example:8080",
  "127.0.0.1.elsewhere.example",
  "localhost.elsewhere.example",
  "10.0.0.1",
  "xlocalhost",
])("it does not answer as %s", async (name) => {
  expect(await answer("127.0.0.1", name)).toBe(403);
  expect(await answer("localhost", name)).toBe(403);
});

test("it answers under the names it is told to", async () => {
  expect(await answer("127.0.0.1", "models.example:8080", ["models.example"])).toBe(200);
});

test("a server of the network answers under any name", async () => {
  expect(await answer("0.0.0.0", "models.example")).toBe(200);
});

test("the name is that of the Host header, and the refusal says what to do", async () => {
  const server = await listen(forKnownHosts(app, { host: "127.0.0.1" }), { port: 0 });
  onTestFinished(() => server.close());
  const ask = (host: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status?: number; body: string }>();
    const sent = request({ port: server.port, host: server.host, headers: { host } }, (response) => {
      let body = "";
      response.on("data", (text) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject).end();
    return promise;
  };
  expect(await ask("localhost")).toEqual({ status: 200, body: "hello" });
  const { status, body } = await ask("elsewhere.example");
  expect(status).toBe(403);
  expect(JSON.parse(body).error.message).toMatchInlineSnapshot(
    `"this server answers on this machine only, not as "elsewhere.example"; to let it: --allow-host elsewhere.example"`,
  );
  for (const hostile of ["a b", "evil.example/../..", "localhost@evil.example", "[::1", "x".repeat(5000)])
    expect((await ask(hostile)).status, hostile).toBeOneOf([400, 403]);
  expect(await ask("localhost")).toEqual({ status: 200, body: "hello" });
});
