import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { describe, expect, onTestFinished, test } from "vitest";
import { tokenAccess } from "./access.ts";
import { givenRoutes } from "./given-routes.ts";

const given = givenRoutes({ maxArtifactBytes: 1000 });
const files = "/api/2.0/mlflow-artifacts/artifacts";
const put = (path: string, body: string) =>
  given.app.request(`${files}/${path}`, { method: "PUT", body, headers: { "content-type": "text/plain" } });
const names = async () => (await given.store.files.list()).map(({ name }) => name);

describe("artifacts by their path", () => {
  test("are written, listed, read and deleted", async () => {
    expect(await (await put("run/a%20b/%C3%A6.txt", "hello")).json()).toEqual({});
    await put("run/top.txt", "x");
    await put("run/100%25.txt", "y");
    expect(await names()).toEqual(["run/100%.txt", "run/a b/æ.txt", "run/top.txt"]);
    const listed = await (await given.app.request(`${files}?path=run`)).json();
    expect(listed).toEqual({
      files: [
        { path: "100%.txt", is_dir: false, file_size: 1 },
        { path: "a b", is_dir: true },
        { path: "top.txt", is_dir: false, file_size: 1 },
      ],
    });
    expect(await (await given.app.request(`${files}/run/a%20b/%C3%A6.txt`)).text()).toBe("hello");
    expect((await given.app.request(`${files}/run/none`)).status).toBe(404);
    expect((await given.app.request(`${files}/run/a%20b`, { method: "DELETE" })).status).toBe(200);
    expect(await names()).toEqual(["run/100%.txt", "run/top.txt"]);
    await given.app.request(`${files}/run/top.txt`, { method: "DELETE" });
    expect(await names()).toEqual(["run/100%.txt"]);
  });

  test.each([
    ["bytes=1-3", 206, "ell", "bytes 1-3/5"],
    ["bytes=3-", 206, "lo", "bytes 3-4/5"],
    ["bytes=-2", 206, "lo", "bytes 3-4/5"],
    ["bytes=0-99", 206, "hello", "bytes 0-4/5"],
    ["bytes=5-", 416, "", "bytes */5"],
    ["bytes=-0", 416, "", "bytes */5"],
    ["bytes=3-1", 200, "hello", null],
    ["bytes=0-1,3-4", 200, "hello", null],
    ["lines=1-2", 200, "hello", null],
  ])("the range %s", async (range, status, body, contentRange) => {
    await put("a", "hello");
    const response = await given.app.request(`${files}/a`, { headers: { range } });
    expect([response.status, await response.text(), response.headers.get("content-range")]).toEqual([
      status,
      body,
      contentRange,
    ]);
  });

  test.each([
    "..%2f..%2fhavn.db",
    "%2e%2e%2f%2e%2e%2fhavn.db",
    "%2fetc%2fpasswd",
    "a%2f..%2f..%2fb",
    "a%5c..%5cb",
    "a%00b",
    "a//b",
    ".uploads/x/target",
    ".incoming/x",
    "%ff",
    "",
  ])("the path %j leads nowhere", async (path) => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const init = method === "PUT" ? { method, body: "x" } : { method };
      const response = await given.app.request(`${files}/${path}`, init);
      expect([400, 404]).toContain(response.status);
      expect(await response.json()).toMatchObject({
        error_code: expect.stringMatching(
          /INVALID_PARAMETER_VALUE|ENDPOINT_NOT_FOUND|RESOURCE_DOES_NOT_EXIST/,
        ),
      });
    }
    for (const list of [`${files}?path=${path}`]) {
      if (path === "") continue;
      const response = await given.app.request(list);
      expect(response.status === 400 || ((await response.json()) as { files: [] }).files.length === 0).toBe(
        true,
      );
    }
    expect(await names()).toEqual([]);
  });

  test("that are too large are refused, announced or not, and leave nothing", async () => {
    const tooLarge = "x".repeat(1001);
    const announced = await given.app.request(`${files}/a`, {
      method: "PUT",
      body: tooLarge,
      headers: { "content-length": "1001" },
    });
    expect([announced.status, await announced.json()]).toEqual([
      413,
      { error_code: "BAD_REQUEST", message: "the file is larger than 1000 bytes" },
    ]);
    const stream = new Blob([tooLarge]).stream();
    const streamed = new Request(`http://127.0.0.1${files}/a`, {
      method: "PUT",
      body: stream,
      duplex: "half",
    });
    expect((await given.app.request(streamed)).status).toBe(413);
    expect(await names()).toEqual([]);
    expect((await put("a", "x".repeat(1000))).status).toBe(200);
  });

  test("an upload that breaks off leaves nothing, and what was there stays", async () => {
    await put("run/a", "before");
    const server = serve({ fetch: given.app.fetch, port: 0, hostname: "127.0.0.1" });
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    for (const name of ["run/a", "run/b"]) {
      const arrived = once(server, "request");
      const socket = connect(port, "127.0.0.1");
      socket.write(
        `PUT ${files}/${name} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 500\r\n\r\nonly a part`,
      );
      await arrived;
      socket.destroy();
    }
    const unfinished = join(given.folder, "artifacts", ".incoming");
    await expect.poll(() => readdir(unfinished)).toEqual([]);
    expect(await names()).toEqual(["run/a"]);
    const response = await fetch(`http://127.0.0.1:${port}${files}/run/a`);
    expect(await response.text()).toBe("before");
  });

  test("where they are, with a proof where reading needs the token", async () => {
    await put("run/a%20b", "hello");
    const presigned = "/api/2.0/mlflow-artifacts/presigned/run/a%20b";
    const answer = await given.app.request(`http://tracking.test${presigned}`, {
      headers: { "x-forwarded-proto": "https" },
    });
    expect(await answer.json()).toEqual({
      url: `https://tracking.test${files}/run/a%20b`,
      headers: {},
      file_size: 5,
    });
    expect((await given.app.request(`${presigned}x`)).status).toBe(404);
  });
});

describe("artifacts of a private server", () => {
  const closed = givenRoutes({ access: tokenAccess({ token: "t", isPrivate: true }) });

  test("are downloaded in parts by a URL that proves itself", async () => {
    await closed.store.files.put("run/a", new TextEncoder().encode("hello"));
    const presigned = "/api/2.0/mlflow-artifacts/presigned/run/a";
    expect((await closed.app.request(presigned)).status).toBe(401);
    const answer = await closed.app.request(presigned, { headers: { authorization: "Bearer t" } });
    const { url } = (await answer.json()) as { url: string };
    const part = await closed.app.request(url, { headers: { range: "bytes=1-2" } });
    expect([part.status, await part.text()]).toEqual([206, "el"]);
    expect((await closed.app.request(url.replace("run/a", "run/b"))).status).toBe(401);
  });
});
