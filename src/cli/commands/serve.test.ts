import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { tinyModel } from "../../tasks/testing/tiny-model.ts";
import { openStore } from "../../tracking/index.ts";
import { havn, havnJson, startHavn } from "../testing/havn-process.ts";

let home: string;
let empty: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-serve-"));
  empty = join(home, "empty");
  const store = await openStore({ home });
  await tinyModel(home, store);
  await store.close();
});
afterAll(() => rm(home, { recursive: true, force: true }));

const fails = async (...args: string[]) => {
  const { code, stdout, stderr } = await havn(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  return stderr.trim();
};

test("without a promoted model a project says how to get one", async () => {
  const [serve, evaluate, registered] = await Promise.all([
    fails("serve", "movie-reviews", "--home", empty),
    fails("evaluate", "movie-reviews", "--home", empty),
    fails("serve", "movie-reviews", "--home", home),
  ]);
  expect(serve).toMatchInlineSnapshot(`
    "error movie-reviews has no model yet; train one with
      npx havn run movie-reviews"
  `);
  expect([evaluate, registered]).toEqual([serve, serve]);
});

test("options that make no sense are refused", async () => {
  const [port, log, version, none] = await Promise.all([
    fails("serve", "movie-reviews", "--port", "70000", "--home", home),
    fails("serve", "movie-reviews", "--log-level", "loud", "--home", home),
    fails("serve", "movie-reviews", "--model-version", "one", "--home", home),
    fails("serve", "movie-reviews", "--model-version", "9", "--home", home),
  ]);
  expect(port).toContain("must be a whole number from 0 to 65535");
  expect(log).toBe("error --log-level must be debug, info, warn, error or silent, got loud");
  expect(version).toContain("must be a whole number from 1");
  expect(none).toContain("version 9");
});

test("a port that is taken is said with another one", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const said = await fails(
    "serve",
    "movie-reviews",
    "--model-version",
    "1",
    "--port",
    `${port}`,
    "--home",
    home,
  );
  expect(said).toContain(`port ${port} of 127.0.0.1 is in use`);
  expect(said).toContain(`--port ${port + 1}`);
});

test("a version can be served before it is promoted", async () => {
  const service = startHavn([
    "serve",
    "movie-reviews",
    "--model-version",
    "1",
    "--port",
    "0",
    "--home",
    home,
  ]);
  onTestFinished(async () => void (await service.stop("SIGKILL")));
  const [, url] = await service.says(/answers POST (http\S+)\/inference/);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({
    status: "ready",
    model: { version: 1 },
  });
});

test("promotion needs a version that there is", async () => {
  expect(await fails("models", "promote", "movie-reviews", "7", "--home", home)).toContain("7");
  await havnJson(["models", "promote", "movie-reviews", "1", "--home", home]);
  expect(await havnJson(["models", "list", "movie-reviews", "--home", home])).toMatchObject([
    { version: 1, aliases: ["inference"] },
  ]);
});

test("an untrained model leaves nothing behind, in the database and bucket of the environment least of all", async () => {
  const bucket = join(home, "bucket");
  const env = { HAVN_STORE: `file:${bucket}`, TMPDIR: join(home, "tmp") };
  await mkdir(env.TMPDIR);
  const service = startHavn(["serve", "movie-reviews", "--random-weights", "--port", "0"], { env });
  onTestFinished(async () => void (await service.stop("SIGKILL")));
  const [, url] = await service.says(/answers POST (http\S+)\/inference/);
  const headers = { "content-type": "application/json" };
  const reply = await fetch(`${url}/inference`, { method: "POST", headers, body: '{"statement":"fine"}' });
  expect(reply.status).toBe(200);
  const ours = async () => (await readdir(env.TMPDIR)).filter((name) => name.startsWith("havn-"));
  expect(await ours()).toHaveLength(1);
  expect(await service.stop("SIGTERM")).toMatchObject({ code: 0 });
  expect(await ours()).toEqual([]);
  expect(existsSync(bucket)).toBe(false);
});
