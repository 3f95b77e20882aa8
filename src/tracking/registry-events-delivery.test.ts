import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "./open-store.ts";
import type { Webhook } from "./registry-events.ts";
import { deliverEvents } from "./registry-events-delivery.ts";
import { registryChanges } from "./registry-events-watch.ts";
import type { Store } from "./store.ts";

interface Received {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

let folder: string;
let store: Store;
let server: Server;
let url: string;
let received: Received[];
/** Statuses of the next answers; 200 when there is none left. */
let answers: number[];
let stop: AbortController;
let delivering: Promise<void>[];
const failures: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "havn-webhooks-"));
  store = await openStore({ home: folder, user: "ada" });
  received = [];
  answers = [];
  delivering = [];
  failures.length = 0;
  stop = new AbortController();
  server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    response.writeHead(answers.shift() ?? 200).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterEach(async () => {
  stop.abort();
  await Promise.all(delivering);
  server.closeAllConnections();
  server.close();
  await store.close();
  await rm(folder, { recursive: true });
});

async function deliver(webhooks: Webhook[]): Promise<void> {
  for (const { url, model } of webhooks) await store.ensureWebhook(model ? `${url} ${model}` : url);
  const onFailure = ({ error, isLast }: { error: string; isLast: boolean }) =>
    void failures.push(`${error}${isLast ? ", the last" : ""}`);
  delivering.push(
    deliverEvents(store, webhooks, { signal: stop.signal, everyMs: 1, firstRetryMs: 1, onFailure }),
  );
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(setImmediate);
};

async function twoVersions(name = "reviews"): Promise<void> {
  await store.createRegisteredModel(name);
  for (const source of ["a", "b"]) await store.createModelVersion({ name, source });
}

test("a webhook hears of versions and aliases, in order and signed as MLflow signs", async () => {
  await deliver([{ url, secret: "a secret" }]);
  await twoVersions();
  await store.setAlias("reviews", "inference", 1);
  await store.setAlias("reviews", "inference", 2, "grace");
  await store.deleteAlias("reviews", "inference");
  await until(() => received.length === 5);
  expect(received.map(({ body }) => JSON.parse(body))).toMatchObject([
    {
      ...{ entity: "model_version", action: "created" },
      data: { name: "reviews", version: "1", source: "a", run_id: null, tags: {}, description: "" },
    },
    { data: { version: "2" } },
    {
      ...{ entity: "model_version_alias", action: "created", timestamp: expect.stringMatching(/^20.*Z$/) },
      data: { name: "reviews", alias: "inference", version: "1", user: "ada" },
    },
    { data: { version: "2", previous_version: "1", user: "grace" } },
    { ...{ entity: "model_version_alias", action: "deleted" }, data: { alias: "inference", user: "ada" } },
  ]);
  for (const { headers, body } of received) {
    const content = `${headers["x-mlflow-delivery-id"]}.${headers["x-mlflow-timestamp"]}.${body}`;
    const expected = createHmac("sha256", "a secret").update(content).digest("base64");
    expect(headers["x-mlflow-signature"]).toBe(`v1,${expected}`);
  }
});

test("what does not arrive comes again, the same delivery, and later events after it", async () => {
  answers = [503, 500, 429];
  await deliver([{ url }]);
  await twoVersions();
  await until(() => received.length === 5);
  const ids = received.map(({ headers }) => headers["x-mlflow-delivery-id"]);
  expect(ids.slice(0, 4)).toEqual(Array(4).fill(ids[0]));
  expect(received.map(({ body }) => JSON.parse(body).data.version)).toEqual(["1", "1", "1", "1", "2"]);
  expect(failures).toEqual(["status 503", "status 500", "status 429"]);
  expect(received[0]?.headers["x-mlflow-signature"]).toBeUndefined();
});

test("what is refused for good is not repeated, and does not hold up what follows", async () => {
  answers = [404];
  await deliver([{ url }]);
  await twoVersions();
  await until(() => received.length === 2);
  expect(failures).toEqual(["status 404, the last"]);
});

test("a change does not wait for a webhook that is away, and is delivered when it is back", async () => {
  await new Promise((closed) => server.close(closed));
  await deliver([{ url }]);
  await twoVersions();
  await until(() => failures.length > 2);
  expect(failures[0]).toContain("ECONNREFUSED");
  await new Promise<void>((listening) => server.listen(Number(new URL(url).port), "127.0.0.1", listening));
  await until(() => received.length === 2);
  // Not with the look after other deliverers, every thirty seconds.
}, 15_000);

test("a webhook of one model hears of that one alone; several deliverers deliver once", async () => {
  const webhooks = [{ url, model: "cards" }];
  await deliver(webhooks);
  await deliver(webhooks);
  await twoVersions("reviews");
  await twoVersions("cards");
  await until(() => received.length === 2);
  await store.setAlias("cards", "inference", 1);
  await until(() => received.length === 3);
  expect(received.map(({ body }) => JSON.parse(body).data.name)).toEqual(["cards", "cards", "cards"]);
});

test("a webhook of one alias hears when that one moves, and of nothing else", async () => {
  await store.ensureWebhook(`${url} reviews @inference`);
  delivering.push(
    deliverEvents(store, [{ url, model: "reviews", alias: "inference" }], {
      ...{ signal: stop.signal, everyMs: 1 },
    }),
  );
  await twoVersions();
  await store.setAlias("reviews", "candidate", 1);
  await store.setAlias("reviews", "inference", 2);
  await store.deleteAlias("reviews", "inference");
  await until(() => received.length === 2);
  expect(received.map(({ body }) => JSON.parse(body))).toMatchObject([
    { action: "created", data: { alias: "inference", version: "2" } },
    { action: "deleted", data: { alias: "inference", previous_version: "2" } },
  ]);
});

test("one that does not answer keeps the others waiting for nothing", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
  await deliver([{ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/` }, { url }]);
  await store.createRegisteredModel("reviews");
  for (const [index, source] of ["a", "b"].entries()) {
    await store.createModelVersion({ name: "reviews", source });
    await until(() => received.length === index + 1);
  }
  silent.closeAllConnections();
  silent.close();
});

test("changes of another process are noticed, several at once as one", async () => {
  const other = await openStore({ home: folder });
  const changes = registryChanges(store, { signal: stop.signal, everyMs: 1 });
  await changes.next();
  const next = changes.next();
  await other.createRegisteredModel("reviews");
  await other.createModelVersion({ name: "reviews", source: "a" });
  await other.setAlias("reviews", "inference", 1);
  await next;
  stop.abort();
  await other.close();
});
