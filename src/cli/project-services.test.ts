import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type HttpServer, listen, openPredictionLog } from "../serving/index.ts";
import { inferenceAlias, loadProject, type Project } from "../tasks/index.ts";
import { tinyModel } from "../tasks/testing/tiny-model.ts";
import { openStore, type Store } from "../tracking/index.ts";
import { havnApp } from "./havn-app.ts";
import { ProjectServices } from "./project-services.ts";

let folder: string;
let store: Store;
let project: Project;
let services: ProjectServices;
let server: HttpServer;
let log: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-services-"));
  store = await openStore({ home: folder });
  project = await loadProject("movie-reviews");
  await tinyModel(folder, store, { seed: 1 });
  await tinyModel(folder, store, { seed: 2 });
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  log = [];
  const logger = pino({ level: "info" }, { write: (line) => void log.push(line) });
  const predictions = (name: string) => ({
    predictions: openPredictionLog(join(folder, "predictions", name)),
  });
  services = new ProjectServices([project], { store, predictions, logger, limits: { workers: 1 } });
  server = await listen(havnApp({ store, projects: () => services.projects }), { port: 0 });
});
afterEach(async () => {
  await server.close();
  await services.close();
});

const promote = (version: number) => store.setAlias(project.name, inferenceAlias, version);
const path = "/projects/movie-reviews/predictions";
const body = JSON.stringify({ statement: "A warm and funny film with a heart." });

/** The version that answered. */
async function answeredBy(): Promise<number> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(server.url + path, { method: "POST", headers, body });
  return ((await response.json()) as { model: { version: number } }).model.version;
}

test("a project without a promoted version has no service, and gets one when it has", async () => {
  expect(await services.refresh()).toEqual([]);
  expect((await fetch(`${server.url}${path}`, { method: "POST" })).status).toBe(503);
  await promote(1);
  expect(await services.refresh()).toMatchObject([{ version: 1 }]);
  expect(await answeredBy()).toBe(1);
  expect(await services.refresh()).toEqual([]);
  // One log for all projects: each line says whose it is.
  expect(JSON.parse(log.at(-1)!)).toMatchObject({
    ...{ project: "movie-reviews", path: "/predictions", status: 200, version: 1 },
  });
});

test("a new version takes over; a request whose body is still on its way is answered by it", async () => {
  await promote(1);
  await services.refresh();
  const slow = connect(server.port, server.host);
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
  slow.write(`${head}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.slice(0, 10)}`);
  // Another request that is answered means that the first one has come in.
  expect(await answeredBy()).toBe(1);

  await promote(2);
  const during = Array.from({ length: 20 }, () => answeredBy());
  await services.refresh();
  for (const version of await Promise.all(during)) expect(version).toBeOneOf([1, 2]);
  expect(await answeredBy()).toBe(2);

  slow.write(body.slice(10));
  const answer = await text(slow);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain('"model":{"name":"movie-reviews","version":2}');
});

test("a version that cannot be opened is logged once, and the old one stays", async () => {
  await promote(1);
  await services.refresh();
  const { experimentId } = await store.ensureExperiment("broken");
  const { runId } = await store.createRun({ experimentId });
  const broken = await store.createModelVersion({
    name: project.name,
    source: `runs:/${runId}/model`,
    runId,
  });
  await promote(broken.version);
  expect(await services.refresh()).toEqual([]);
  expect(await services.refresh()).toEqual([]);
  expect(log).toHaveLength(1);
  expect(log[0]).toContain("the run has no model");
  expect(await answeredBy()).toBe(1);
  await promote(2);
  expect(await services.refresh()).toMatchObject([{ version: 2 }]);
});
