/** A version that is promoted by another process is served by a running `havn up` without losing a request. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { havnJson, startHavn } from "../src/cli/testing/havn-process.ts";
import { inferenceAlias } from "../src/tasks/index.ts";
import { tinyModel } from "../src/tasks/testing/tiny-model.ts";
import { openStore } from "../src/tracking/index.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-promotion-"));
  const store = await openStore({ home });
  const { name, version } = await tinyModel(home, store, { seed: 1 });
  await tinyModel(home, store, { seed: 2 });
  await store.setAlias(name, inferenceAlias, version);
  await store.close();
});
afterAll(() => rm(home, { recursive: true, force: true }));

test("a running havn up takes up a promotion without losing a request", async () => {
  const up = startHavn(["up", "--port", "0", "--no-train", "--home", home]);
  onTestFinished(async () => void (await up.stop("SIGKILL")));
  const [, url] = await up.says(/Havn is at (\S+)/);
  const body = JSON.stringify({ statement: "A warm and funny film with a heart." });
  const headers = { "content-type": "application/json" };
  const ask = async () => {
    const response = await fetch(`${url}/projects/movie-reviews/predictions`, {
      method: "POST",
      headers,
      body,
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { model: { version: number } }).model.version;
  };
  expect(await ask()).toBe(1);

  let isPromoted = false;
  const versions: number[] = [];
  const askOnAndOn = async () => {
    while (!isPromoted) versions.push(await ask());
  };
  const clients = [askOnAndOn(), askOnAndOn(), askOnAndOn()];
  await havnJson(["models", "promote", "movie-reviews", "2", "--home", home]);
  await up.says(/movie-reviews: version 2 is served now/);
  isPromoted = true;
  await Promise.all(clients);
  expect(await ask()).toBe(2);
  // Each client sees the old one, then the new one.
  expect(new Set(versions).has(1)).toBe(true);
  expect(await up.stop("SIGTERM")).toMatchObject({ code: 0 });
});
