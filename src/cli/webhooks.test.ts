import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { openStore } from "../tracking/index.ts";
import { havn, startHavn } from "./testing/havn-process.ts";
import { readWebhooks } from "./webhooks.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-hooks-"));
});
afterEach(() => rm(home, { recursive: true }));

const write = (yaml: string) => writeFile(join(home, "webhooks.yaml"), yaml);

test("a home without webhooks has none; a wrong one is named with its place", async () => {
  expect(readWebhooks(home)).toEqual([]);
  await write("webhooks:\n  - url: example.org\n    modle: cards\n");
  expect(() => readWebhooks(home)).toThrow(/webhooks\.yaml:3.*did you mean webhooks\.0\.model\?/);
  expect(() => readWebhooks(home)).toThrow('webhooks.0.url must be a URL, got "example.org"');
});

test("a running server tells of a promotion that another process makes", async () => {
  const received: unknown[] = [];
  const receiver = createServer(async (request, response) => {
    received.push(JSON.parse(await text(request)));
    response.end();
  });
  await new Promise<void>((listening) => receiver.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void receiver.close());
  await write(
    `webhooks:\n  - url: http://127.0.0.1:${(receiver.address() as AddressInfo).port}/\n    secret: \${oc.env:HOOK_SECRET}\n`,
  );
  const store = await openStore({ home });
  onTestFinished(() => store.close());
  await store.createRegisteredModel("reviews");
  await store.createModelVersion({ name: "reviews", source: "a" });

  const server = startHavn(["track", "--port", "0", "--home", home], { env: { HOOK_SECRET: "s" } });
  onTestFinished(() => void server.stop("SIGKILL"));
  await server.says(/MLFLOW_TRACKING_URI/);
  const promoted = await havn(["models", "promote", "reviews", "1", "--home", home]);
  expect(promoted.code).toBe(0);
  while (received.length === 0) await new Promise(setImmediate);
  expect(received).toMatchObject([
    { entity: "model_version_alias", data: { name: "reviews", alias: "inference", version: "1" } },
  ]);
  const { code } = await server.stop("SIGTERM");
  expect(code).toBe(0);
});
