import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { describeTracker } from "../contract/describe-store.ts";
import { openStore } from "../open-store.ts";
import { trackingRoutes } from "../rest/tracking-routes.ts";
import type { Store, Tracker } from "../store.ts";
import { openTracker } from "./open-tracker.ts";
import { fromDatasetInput } from "./requests.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-tracker-"));
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  await rm(folder, { recursive: true });
});

let homes = 0;

/** A server over an empty store. */
async function newServer(now = () => 1000): Promise<{ url: string; store: Store }> {
  const store = await openStore({ home: path.join(folder, String(homes++)), now });
  const server = await listen(createServer(getRequestListener(trackingRoutes(store).fetch)));
  closing.push(
    async () => server.closeAllConnections(),
    async () => server.close(),
    () => store.close(),
  );
  return { url: urlOf(server), store };
}

function listen<Kind extends Server>(server: Kind): Promise<Kind> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const impatient = { patienceMs: 0 };

describeTracker("Havn", async (now) => {
  const { url } = await newServer(now);
  return {
    open: async (): Promise<Tracker> =>
      openTracker(url, { now, cache: path.join(folder, `cache-${homes}`), ...impatient }),
  };
});

/**
 * A server that hands requests on, and after those that `loses` names tears the connection: what was asked is done, but
 * the answer never comes.
 */
async function unreliable(target: string, loses: (method: string, path: string, count: number) => boolean) {
  let count = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET", url = "/" } = request;
    const body = Buffer.concat(chunks);
    const answer = await fetch(target + url, {
      method,
      headers: { "content-type": request.headers["content-type"] ?? "application/json" },
      ...(method !== "GET" && { body }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (loses(method, url, count++)) request.socket.destroy();
    else response.writeHead(answer.status, { "content-type": "application/json" }).end(bytes);
  });
  await listen(server);
  closing.push(async () => server.close());
  return urlOf(server);
}

describe("a server that is away for a moment", () => {
  const patient = (url: string) => openTracker(url, { wait: async () => {}, now: () => 1000 });

  test("every first answer is lost: all is written once", async () => {
    const { url, store } = await newServer();
    const seen = new Set<string>();
    const tracker = patient(
      await unreliable(url, (method, path) => {
        const key = `${method} ${path}`;
        if (method === "GET" || seen.has(key)) return false;
        seen.add(key);
        return true;
      }),
    );
    const { experimentId } = await tracker.ensureExperiment("reviews");
    const { runId } = await tracker.createRun({ experimentId, name: "lost", params: { lr: "0.1" } });
    const metric = { key: "loss", value: 0.5, timestamp: 1, step: 1 };
    await tracker.logBatch(runId, { metrics: [metric], tags: { a: "b" } });
    await tracker.ensureRegisteredModel("reviews");
    const version = await tracker.createModelVersion({
      ...{ name: "reviews", runId, source: `runs:/${runId}/model` },
    });
    await tracker.setAlias("reviews", "inference", version.version);
    await tracker.artifacts(runId).put("model/config.json", new TextEncoder().encode("{}"));
    expect(seen.size).toBeGreaterThanOrEqual(7);
    expect((await store.searchRuns({ experimentIds: [experimentId] })).items.map((run) => run.runId)).toEqual(
      [runId],
    );
    expect(await store.metricHistory(runId, "loss")).toEqual([metric]);
    expect(await store.listModelVersions("reviews")).toHaveLength(1);
    expect((await store.getVersionByAlias("reviews", "inference"))?.version).toBe(1);
    expect((await store.artifacts(runId).list()).map(({ name }) => name)).toEqual(["model/config.json"]);
  });

  test("runs without a name, made at the same moment, are not taken for each other", async () => {
    const { url, store } = await newServer();
    await store.createRun({ experimentId: "0" });
    const tracker = patient(
      await unreliable(url, (_, path, count) => path.endsWith("runs/create") && count === 0),
    );
    const { runId } = await tracker.createRun({ experimentId: "0" });
    expect((await store.getRun(runId)).runId).toBe(runId);
  });

  test("calls wait until it is there again", async () => {
    const reserved = createTcpServer();
    await new Promise<void>((resolve) => reserved.listen(0, "127.0.0.1", resolve));
    const { port } = reserved.address() as AddressInfo;
    await new Promise((resolve) => reserved.close(resolve));
    const store = await openStore({ home: path.join(folder, String(homes++)) });
    let waits = 0;
    const server = createServer(getRequestListener(trackingRoutes(store).fetch));
    closing.push(
      async () => server.close(),
      () => store.close(),
    );
    const tracker = openTracker(`http://127.0.0.1:${port}`, {
      wait: async () => {
        if (waits++ === 2) await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      },
    });
    expect(await tracker.getExperiment("0")).toMatchObject({ name: "Default" });
    expect(waits).toBe(3);
  });

  test("in the end its absence is an error that names it, and no secret", async () => {
    const tracker = openTracker("http://anna:geheim@127.0.0.1:1", { ...impatient, token: "geheim" });
    await expect(tracker.getExperiment("0")).rejects.toThrow(
      /^the tracking server http:\/\/127\.0\.0\.1:1 cannot be reached: /,
    );
    expect(() => openTracker("geheim")).toThrow("must begin with http:// or https://");
  });
});

test("a digest that the original has no room for is kept beside its beginning", async () => {
  const seen: string[] = [];
  const server = await listen(
    createServer(async (request, response) => {
      const { datasets } = JSON.parse(await new Response(Readable.toWeb(request) as ReadableStream).text());
      const { digest } = datasets[0].dataset;
      seen.push(digest);
      response.writeHead(digest.length > 36 ? 400 : 200, { "content-type": "application/json" });
      const message = "'digest' exceeds the maximum length of 36 characters";
      response.end(
        JSON.stringify({ error_code: "INVALID_PARAMETER_VALUE", message, tags: datasets[0].tags }),
      );
    }),
  );
  onTestFinished(() => void server.close());
  const digest = "0123456789abcdef".repeat(4);
  await openTracker(urlOf(server)).logDataset("r", { name: "d", digest, source: "s", context: "training" });
  expect(seen).toEqual([digest, digest.slice(0, 36)]);
  const read = fromDatasetInput(
    { name: "d", digest: digest.slice(0, 36), source: "s" },
    { "havn.digest": digest, "mlflow.data.context": "training", note: "x" },
  );
  expect(read).toEqual({ name: "d", digest, source: "s", context: "training", tags: { note: "x" } });
});

test("a token is sent, and its absence explained", async () => {
  const server = await listen(
    createServer(({ headers }, response) => {
      const isKnown = headers.authorization === "Bearer secret";
      response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
      response.end(JSON.stringify({ experiment: { experiment_id: "0", name: "Default" } }));
    }),
  );
  onTestFinished(() => void server.close());
  const url = urlOf(server);
  expect(await openTracker(url, { token: "secret" }).getExperiment("0")).toMatchObject({ name: "Default" });
  await expect(openTracker(url).getExperiment("0")).rejects.toThrow("set MLFLOW_TRACKING_TOKEN");
});

test("a run's artifact is a file of this machine where it is needed as one", async () => {
  const { url } = await newServer();
  const tracker = openTracker(url, { cache: path.join(folder, "files") });
  const { runId } = await tracker.createRun({ experimentId: "0" });
  const artifacts = tracker.artifacts(runId);
  await artifacts.put("model/a b/ø.txt", new TextEncoder().encode("text"));
  expect(await readFile(await artifacts.localPath!("model/a b/ø.txt"), "utf8")).toBe("text");
  async function* broken() {
    yield new Uint8Array(10);
    throw new Error("disk gone");
  }
  await expect(artifacts.put("broken", broken())).rejects.toMatchObject({ code: "broken-source" });
  expect((await artifacts.list()).map(({ name }) => name)).toEqual(["model/a b/ø.txt"]);
});
