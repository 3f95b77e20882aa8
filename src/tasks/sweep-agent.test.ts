import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore, type Store, type Trial } from "../tracking/index.ts";
import { type RunTrial, type SweepAgentOptions, sweepAgent } from "./sweep-agent.ts";
import { sweepResults } from "./sweep-results.ts";

let home: string;
let store: Store;
let time: number;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-sweep-"));
  time = 1000;
  store = await openStore({ home, now: () => time });
});
afterEach(async () => {
  await store.close();
  await rm(home, { recursive: true });
});

const definition = {
  method: "bayes",
  metric: { name: "validation_loss", goal: "minimize" },
  parameters: { "optimizer.lr": { distribution: "uniform", min: 0, max: 1 }, kind: { values: ["a", "b"] } },
  run_cap: 6,
};

const newSweep = async (changes: object = {}): Promise<string> => {
  const sweep = { project: "reviews", name: "default", overrides: [], seed: 1 };
  return (await store.createSweep({ ...sweep, definition: { ...definition, ...changes } })).sweepId;
};

/** A run that measures the distance of its learning rate from 0.3, each evaluation closer to it. */
const trainer =
  (evaluations = 3, log: string[] = []): RunTrial =>
  async ({ number, parameters }, _, { signal, onRun, onEvaluation }) => {
    const { runId } = await store.createRun({ experimentId: "0", name: `trial ${number}` });
    onRun(runId);
    const loss = Math.abs((parameters["optimizer.lr"] as number) - 0.3);
    for (let step = 1; step <= evaluations; step++) {
      const value = loss + 1 / step;
      await store.logBatch(runId, { metrics: [{ key: "validation_loss", value, step, timestamp: step }] });
      onEvaluation({ validation_loss: value }, step);
      // What an evaluation sets going is done before the next step.
      for (let turn = 0; turn < 30 && !signal.aborted; turn++) await new Promise(setImmediate);
      if (signal.aborted) {
        log.push(`trial ${number} ended at ${step}`);
        return { status: "interrupted" };
      }
    }
    await store.logBatch(runId, {
      metrics: [{ key: "best_validation_loss", value: loss, step: evaluations, timestamp: 9 }],
    });
    return { status: "finished", runId };
  };

const work = (sweepId: string, options: Partial<SweepAgentOptions> = {}) =>
  sweepAgent({
    ...{ store, sweepId, agent: "a", runTrial: trainer(), signal: new AbortController().signal, pollMs: 1 },
    ...options,
  });

const statuses = (trials: readonly Trial[]) => trials.map(({ status }) => status);

test("an agent works until run_cap is reached; the best run's best checkpoint counts", async () => {
  const sweepId = await newSweep();
  await work(sweepId);
  const { sweep, trials, best, importance, parallel } = await sweepResults(store, sweepId);
  expect(sweep.status).toBe("FINISHED");
  expect(statuses(trials)).toEqual(Array(6).fill("FINISHED"));
  const losses = trials.map(({ parameters }) => Math.abs((parameters["optimizer.lr"] as number) - 0.3));
  expect(trials.map(({ value }) => value)).toEqual(losses);
  expect(best?.value).toBe(Math.min(...losses));
  expect(importance[0]?.key).toBe("optimizer.lr");
  expect(parallel.axes).toEqual([
    { key: "optimizer.lr", kind: "number", scale: "linear" },
    { key: "kind", kind: "category", values: ["a", "b"] },
    { key: "validation_loss", kind: "number", scale: "linear" },
  ]);
  expect(parallel.rows[0]).toEqual({
    trial: 1,
    values: [trials[0]!.parameters["optimizer.lr"], trials[0]!.parameters.kind, losses[0]],
  });
  // An ended sweep has no work.
  await work(sweepId);
  expect(await store.listTrials(sweepId)).toHaveLength(6);
});

test("agents share the trials, each of them is run once", async () => {
  const sweepId = await newSweep({ run_cap: 12 });
  await Promise.all(["a", "b", "c"].map((agent) => work(sweepId, { agent })));
  const trials = await store.listTrials(sweepId);
  expect(trials.map(({ number, attempts }) => [number, attempts])).toEqual(
    Array.from({ length: 12 }, (_, i) => [i + 1, 1]),
  );
  expect(new Set(trials.map(({ runId }) => runId)).size).toBe(12);
  expect(new Set(trials.map(({ agent }) => agent)).size).toBeGreaterThan(1);
});

test("a trial that fails costs itself alone", async () => {
  const sweepId = await newSweep();
  const trained = trainer();
  await work(sweepId, {
    runTrial: async (trial, ...rest) =>
      trial.number === 2 ? { status: "failed", error: "out of memory" } : trained(trial, ...rest),
  });
  const trials = await store.listTrials(sweepId);
  expect(statuses(trials)).toEqual(["FINISHED", "FAILED", "FINISHED", "FINISHED", "FINISHED", "FINISHED"]);
  expect(trials[1]?.error).toBe("out of memory");
});

test("the run of a process that was killed has failed, too: it could not say so itself", async () => {
  const sweepId = await newSweep({ run_cap: 1 });
  await work(sweepId, {
    async runTrial(_, __, { onRun }) {
      const { runId } = await store.createRun({ experimentId: "0" });
      onRun(runId);
      return { status: "failed", error: "its process was killed" };
    },
  });
  const [trial] = await store.listTrials(sweepId);
  expect(trial?.status).toBe("FAILED");
  expect((await store.getRun(trial!.runId!)).status).toBe("FAILED");
});

test("a sweep whose first trials all fail stops and says why", async () => {
  const sweepId = await newSweep();
  const runTrial: RunTrial = async () => ({ status: "failed", error: "no such file" });
  await expect(work(sweepId, { runTrial })).rejects.toThrow(
    `the first 3 trials of sweep ${sweepId} failed, so it is stopped. Trial 3: no such file`,
  );
  expect((await store.getSweep(sweepId)).status).toBe("STOPPED");
});

test("a run whose metric is no number has failed", async () => {
  const sweepId = await newSweep({ run_cap: 2 });
  await work(sweepId, { runTrial: measuring("validation_loss", Number.NaN) });
  const trials = await store.listTrials(sweepId);
  expect(trials.map(({ error }) => error)).toEqual(Array(2).fill("validation_loss is NaN"));
});

/** Measures one value, under one name. */
const measuring =
  (key: string, value: number): RunTrial =>
  async (_, __, { onRun }) => {
    const { runId } = await store.createRun({ experimentId: "0" });
    onRun(runId);
    await store.logBatch(runId, { metrics: [{ key, value, step: 1, timestamp: 1 }] });
    return { status: "finished", runId };
  };

test("a metric that no trial measures ends the sweep with the first, and names those there are", async () => {
  const sweepId = await newSweep();
  await expect(work(sweepId, { runTrial: measuring("loss", 1) })).rejects.toThrow(
    `sweep ${sweepId} is stopped: the run measures no validation_loss; it has loss. Write one of them as the metric's name`,
  );
  expect(statuses(await store.listTrials(sweepId))).toEqual(["FAILED"]);
  expect((await store.getSweep(sweepId)).status).toBe("STOPPED");
});

test("and before it has trained to its end", async () => {
  const sweepId = await newSweep({ metric: { name: "val_loss" } });
  const log: string[] = [];
  await expect(work(sweepId, { runTrial: trainer(9, log) })).rejects.toThrow(
    "the run measures no val_loss; it has validation_loss.",
  );
  expect(log).toEqual(["trial 1 ended at 2"]);
});

test("Ctrl-C gives the trial back; another agent goes on with it and its run", async () => {
  const sweepId = await newSweep({ run_cap: 2 });
  const stop = new AbortController();
  const trained = trainer();
  await work(sweepId, {
    signal: stop.signal,
    runTrial: (trial, sweep, hooks) => {
      stop.abort();
      return trained(trial, sweep, hooks);
    },
  });
  const [waiting] = await store.listTrials(sweepId);
  expect(waiting).toMatchObject({ status: "WAITING", runId: expect.any(String) });
  const seen: Trial[] = [];
  await work(sweepId, {
    agent: "b",
    runTrial: (trial, ...rest) => {
      seen.push(trial);
      return trained(trial, ...rest);
    },
  });
  expect(seen[0]).toMatchObject({ number: 1, runId: waiting?.runId, attempts: 1 });
  // It began anew, so the abandoned run does not look as if it went on.
  expect(await store.getRun(waiting!.runId!)).toMatchObject({ status: "KILLED" });
  expect(statuses(await store.listTrials(sweepId))).toEqual(["FINISHED", "FINISHED"]);
});

describe("an agent that dies", () => {
  test("gives its trial to another once its claim has run out", async () => {
    const sweepId = await newSweep({ run_cap: 2 });
    await store.claimTrial(sweepId, {
      ...{ agent: "dead", leaseMs: 500 },
      proposal: { number: 1, parameters: { "optimizer.lr": 0.3, kind: "a" } },
    });
    const working = work(sweepId);
    // The living agent has nothing left to do but to wait for the dead one.
    while ((await store.listTrials(sweepId))[1]?.status !== "FINISHED") await new Promise(setImmediate);
    expect((await store.getSweep(sweepId)).status).toBe("RUNNING");
    time += 500;
    await working;
    expect(await store.listTrials(sweepId)).toMatchObject([
      { status: "FINISHED", agent: "a", attempts: 2, value: 0 },
      { status: "FINISHED" },
    ]);
    expect((await store.getSweep(sweepId)).status).toBe("FINISHED");
  });

  test("but comes back finds its trial with another, ends its run and lets it be", async () => {
    const sweepId = await newSweep({ run_cap: 1 });
    const events: string[] = [];
    const runTrial: RunTrial = async (trial, sweep, hooks) => {
      time += 100_000;
      await store.claimTrial(sweepId, { agent: "b", leaseMs: 1000 });
      return trainer()(trial, sweep, hooks);
    };
    const stop = new AbortController();
    await work(sweepId, {
      runTrial,
      signal: stop.signal,
      report: ({ kind }) => {
        events.push(kind);
        if (kind === "trial-lost") stop.abort();
      },
    });
    expect(events.at(-1)).toBe("trial-lost");
    expect(await store.listTrials(sweepId)).toMatchObject([{ status: "RUNNING", agent: "b" }]);
  });
});

test("hyperband ends trials that fall behind, and marks them and their runs", async () => {
  const sweepId = await newSweep({
    method: "grid",
    parameters: { "optimizer.lr": { values: [0.3, 0.9, 0.4] } },
    early_terminate: { type: "hyperband", min_iter: 2, eta: 3 },
  });
  const log: string[] = [];
  await work(sweepId, { runTrial: trainer(5, log) });
  const trials = await store.listTrials(sweepId);
  expect(statuses(trials)).toEqual(["FINISHED", "STOPPED_EARLY", "FINISHED"]);
  expect(log).toEqual(["trial 2 ended at 2"]);
  expect(trials[1]?.value).toBeCloseTo(0.6 + 1 / 2);
  expect((await store.getRun(trials[1]!.runId!)).tags).toMatchObject({
    "havn.sweep.stopped_early": "hyperband",
  });
  expect((await sweepResults(store, sweepId)).best?.number).toBe(1);
});

test("hyperband counts the evaluations of a run, not those since it was taken over", async () => {
  const sweepId = await newSweep({
    method: "grid",
    parameters: { "optimizer.lr": { values: [0.3, 0.9, 0.4] } },
    early_terminate: { type: "hyperband", min_iter: 4, eta: 3 },
  });
  const [good, bad] = [trainer(5), trainer(5)];
  const stop = new AbortController();
  await work(sweepId, {
    signal: stop.signal,
    runTrial: (trial, sweep, hooks) => {
      if (trial.number === 1) return good(trial, sweep, hooks);
      // Interrupted after its second evaluation.
      const onEvaluation = (metrics: Readonly<Record<string, number>>, count: number) => {
        hooks.onEvaluation(metrics, count);
        if (count === 2) stop.abort();
      };
      return bad(trial, sweep, { ...hooks, onEvaluation });
    },
  });
  const counts: number[] = [];
  await work(sweepId, {
    async runTrial(trial, sweep, hooks) {
      if (trial.number !== 2) return good(trial, sweep, hooks);
      hooks.onRun(trial.runId!);
      for (let step = 2; step <= 5 && !hooks.signal.aborted; step++) {
        const value = 0.6 + 1 / step;
        const metrics = [{ key: "validation_loss", value, step, timestamp: 10 + step }];
        await store.logBatch(trial.runId!, { metrics });
        counts.push(step);
        hooks.onEvaluation({ validation_loss: value }, step);
        for (let turn = 0; turn < 30 && !hooks.signal.aborted; turn++) await new Promise(setImmediate);
      }
      return { status: "interrupted" };
    },
  });
  expect(counts).toEqual([2, 3, 4]);
  const trials = await store.listTrials(sweepId);
  expect(statuses(trials)).toEqual(["FINISHED", "STOPPED_EARLY", "FINISHED"]);
  expect(trials[1]?.value).toBeCloseTo(0.6 + 1 / 4);
});

test("a sweep that is stopped hands out no more", async () => {
  const sweepId = await newSweep();
  const trained = trainer();
  await work(sweepId, {
    runTrial: async (trial, ...rest) => {
      if (trial.number === 2) await store.setSweepStatus(sweepId, "STOPPED");
      return trained(trial, ...rest);
    },
  });
  expect(statuses(await store.listTrials(sweepId))).toEqual(["FINISHED", "FINISHED"]);
});
