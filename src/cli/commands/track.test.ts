import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { havn, startHavn } from "../testing/havn-process.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-track-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const token = "very-s3cret-token";

async function start(args: readonly string[], env: Record<string, string> = {}) {
  const server = startHavn(["track", "--port", "0", "--home", home, ...args], { env });
  onTestFinished(async () => void (await server.stop("SIGTERM")));
  const [, url] = await server.says(/MLFLOW_TRACKING_URI=(http\S+)/);
  const status = async (path: string, init: RequestInit = {}) => (await fetch(url + path, init)).status;
  return { server, status };
}

const read = "/api/2.0/mlflow/experiments/get?experiment_id=0";
const write = "/api/2.0/mlflow/experiments/set-experiment-tag";
const tag = (authorization?: string): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...(authorization && { authorization }) },
  body: JSON.stringify({ experiment_id: "0", key: "a", value: "b" }),
});

test("writes need the token, reads do not", async () => {
  const { status } = await start([], { HAVN_TOKEN: token });
  expect(await status(read)).toBe(200);
  expect(await status(write, tag())).toBe(401);
  expect(await status(write, tag("Bearer other"))).toBe(401);
  expect(await status(write, tag(`Bearer ${token}`))).toBe(200);
});

test("a private server answers nobody else, and neither its processes nor what it says show the token", async () => {
  const { server, status } = await start(["--private", "--token", token, "--log-level", "debug"]);
  expect(await status(read)).toBe(401);
  expect(await status("/health")).toBe(200);
  expect(await status("/")).toBe(200);
  expect(await status(read, { headers: { authorization: `Bearer ${token}` } })).toBe(200);
  const { stdout } = await promisify(execFile)("ps", ["-eo", "args"]);
  expect(stdout).toContain("--private");
  expect(stdout).not.toContain(token);
  await server.stop("SIGTERM");
  expect(server.output).not.toContain(token);
  const database = await readFile(join(home, "havn.db"), "latin1");
  expect(database).not.toContain(token);
});

test("without any token everybody writes", async () => {
  const { status } = await start([], { HAVN_TOKEN: "" });
  expect(await status(write, tag())).toBe(200);
});

test("what cannot keep anything private is refused", async () => {
  const said = async (args: string[], env: Record<string, string> = {}) =>
    (await havn(["track", "--home", home, ...args], { env: { HAVN_TOKEN: "", ...env } })).stderr;
  expect(await said(["--private"])).toContain("--private needs a token: set HAVN_TOKEN");
  const spaces = await said(["--token", "with spaces"]);
  expect(spaces).toContain("printable ASCII characters, without spaces");
  expect(spaces).not.toContain("with spaces");
});
