import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { openStore, type RunUpdate, type Store } from "../tracking/index.ts";
import { endAbandonedRuns, unfinishedRun } from "./abandoned-runs.ts";
import { processTag, thisProcess } from "./run-process.ts";

const project = { name: "reviews" };

let home: string;
let store: Store;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-abandoned-"));
  store = await openStore({ home });
});
afterEach(async () => {
  await store.close();
  await rm(home, { recursive: true });
});

async function runWith(tags: Record<string, string>, update: RunUpdate = {}): Promise<string> {
  const { experimentId } = await store.ensureExperiment(project.name);
  const { runId } = await store.createRun({ experimentId, tags, startTime: 1000 });
  await store.updateRun(runId, { status: "RUNNING", ...update });
  return runId;
}

test("a run whose process is gone was killed when it was last heard of; others go on", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  const named = (host: string, pid = child.pid) => ({ [processTag]: `${host}/${pid}/${Date.now()}` });
  const mine = await runWith(named(hostname()));
  const ofOtherMachine = await runWith(named("elsewhere"));
  const ofOtherClient = await runWith({});
  expect(await endAbandonedRuns(project, store)).toEqual([]);

  child.kill("SIGKILL");
  await once(child, "exit");
  await store.logBatch(mine, { metrics: [{ key: "loss", value: 1, step: 1, timestamp: 5000 }] });
  expect((await endAbandonedRuns(project, store)).map(({ runId }) => runId)).toEqual([mine]);
  expect(await store.getRun(mine)).toMatchObject({ status: "KILLED", endTime: 5000 });
  for (const runId of [ofOtherMachine, ofOtherClient])
    expect((await store.getRun(runId)).status).toBe("RUNNING");
  expect(await endAbandonedRuns(project, store)).toEqual([]);
});

test("a process of before the machine was started is gone, whoever has its number now", async () => {
  const runId = await runWith({ [processTag]: `${hostname()}/${process.ppid}/1000` });
  await endAbandonedRuns(project, store);
  expect(await store.getRun(runId)).toMatchObject({ status: "KILLED", endTime: 1000 });
});

test("this process is not gone, but one that had its number before it is", async () => {
  const mine = await runWith({ [processTag]: thisProcess() });
  const earlier = performance.timeOrigin - 5000;
  const before = await runWith({ [processTag]: `${hostname()}/${process.pid}/${earlier}` });
  expect((await endAbandonedRuns(project, store)).map(({ runId }) => runId)).toEqual([before]);
  expect((await store.getRun(mine)).status).toBe("RUNNING");
});

test("what can go on is the newest run without overrides that has left checkpoints and did not fail", async () => {
  const checkpoints = join(home, "checkpoints");
  const ended = async (
    status: "KILLED" | "FAILED" | "FINISHED",
    overrides: string,
    hasCheckpoints = true,
  ) => {
    const runId = await runWith({ "havn.overrides": overrides }, { status });
    if (hasCheckpoints) await mkdir(join(checkpoints, runId), { recursive: true });
    return runId;
  };
  expect(await unfinishedRun(project, store, checkpoints)).toBeUndefined();
  const finished = await ended("FINISHED", "");
  await ended("KILLED", "seed=1");
  await ended("KILLED", "", false);
  await ended("FAILED", "");
  expect((await unfinishedRun(project, store, checkpoints))?.runId).toBe(finished);
});
