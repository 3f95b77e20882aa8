import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, type Store } from "../tracking/index.ts";
import { promoteRun } from "./promote-run.ts";
import { registerRun } from "./registration.ts";

let home: string;
let store: Store;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-promote-run-"));
  store = await openStore({ home });
});
afterEach(async () => {
  await store.close();
  await rm(home, { recursive: true });
});

const project = { name: "movie-reviews" };

/** Registers a run that had this loss on some or all rows, and promotes it. */
async function promote(mode: "development" | "whole", value: number) {
  const { experimentId } = await store.ensureExperiment(project.name);
  const params = { development_mode: String(mode === "development") };
  const { runId } = await store.createRun({ experimentId, params });
  await store.logBatch(runId, { metrics: [{ key: "best_validation_loss", value, step: 1, timestamp: 1 }] });
  const dataset = { name: "validation", source: "validation.csv", context: "validation" };
  await store.logDataset(runId, { ...dataset, digest: mode, profile: "{}" });
  const version = await registerRun(project, runId, store);
  return promoteRun(version, { metric: "validation_loss", goal: "minimise" }, store);
}

test("a version of development mode stands in until there is one of all rows, and never takes its place", async () => {
  expect(await promote("development", 0.1)).toMatchObject({ promoted: true });
  expect(await promote("development", 0.2)).toMatchObject({ promoted: false });
  expect(await promote("whole", 0.5)).toMatchObject({
    promoted: true,
    incumbent: { version: 1, value: 0.1 },
  });
  expect(await promote("development", 0.01)).toMatchObject({
    promoted: false,
    incumbent: { version: 3, isOfOtherRows: true },
  });
  expect(await promote("whole", 0.6)).toMatchObject({ promoted: false });
  expect(await promote("whole", 0.4)).toMatchObject({ promoted: true });
});
