import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore, type Store } from "../tracking/index.ts";
import { type Criterion, inferenceAlias, promoteBest, promoteIfBetter } from "./promotion.ts";
import { linkSweep, registerRun } from "./registration.ts";
import { versionLineage } from "./version-lineage.ts";

const project = { name: "movie-reviews" };
const byAccuracy: Criterion = { metric: "validation_accuracy", goal: "maximise" };
const byLoss: Criterion = { metric: "validation_loss", goal: "minimise" };

let home: string;
let store: Store;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-registration-"));
  store = await openStore({ home });
});
afterEach(async () => {
  await store.close();
  await rm(home, { recursive: true });
});

/** A finished run whose best checkpoint had these values. */
async function runWith(best: Record<string, number>, params: Record<string, string> = {}): Promise<string> {
  const { experimentId } = await store.ensureExperiment(project.name);
  const { runId } = await store.createRun({ experimentId, params });
  const metrics = Object.entries(best).map(([key, value]) => ({
    ...{ key: `best_${key}`, value },
    ...{ step: 1, timestamp: 1 },
  }));
  await store.logBatch(runId, { metrics });
  return runId;
}

const versionWith = async (best: Record<string, number>) => registerRun(project, await runWith(best), store);
const promoted = async () => (await store.getVersionByAlias(project.name, inferenceAlias))?.version;

describe("registering a run", () => {
  test("gives it the next version, and names its model by the run", async () => {
    const first = await runWith({});
    expect(await registerRun(project, first, store)).toMatchObject({
      ...{ name: "movie-reviews", version: 1 },
      ...{ runId: first, source: `runs:/${first}/model` },
    });
    expect(await versionWith({})).toMatchObject({ version: 2 });
  });

  test("twice gives one version", async () => {
    const runId = await runWith({});
    const once = await registerRun(project, runId, store);
    await versionWith({});
    expect(await registerRun(project, runId, store)).toEqual(once);
    expect(await store.listModelVersions(project.name)).toHaveLength(2);
  });
});

describe("promotion", () => {
  test("of the first version happens always", async () => {
    const version = await versionWith({ validation_accuracy: 0.1 });
    expect(await promoteIfBetter(version, byAccuracy, store)).toEqual({ promoted: true, value: 0.1 });
    expect(await promoted()).toBe(1);
  });

  test("goes to a better version, which takes the alias from the other", async () => {
    await promoteIfBetter(await versionWith({ validation_accuracy: 0.7 }), byAccuracy, store);
    const better = await versionWith({ validation_accuracy: 0.71 });
    expect(await promoteIfBetter(better, byAccuracy, store)).toEqual({
      ...{ promoted: true, value: 0.71 },
      incumbent: { version: 1, value: 0.7, isOfOtherRows: false },
    });
    const aliases = (await store.listModelVersions(project.name)).map(({ version, aliases }) => ({
      ...{ version, aliases },
    }));
    expect(aliases).toEqual([
      { version: 2, aliases: [inferenceAlias] },
      { version: 1, aliases: [] },
    ]);
  });

  test.each([0.7, 0.69])("does not go to one of %d where 0.7 is served", async (value) => {
    await promoteIfBetter(await versionWith({ validation_accuracy: 0.7 }), byAccuracy, store);
    const other = await versionWith({ validation_accuracy: value });
    expect(await promoteIfBetter(other, byAccuracy, store)).toEqual({
      ...{ promoted: false, value },
      incumbent: { version: 1, value: 0.7, isOfOtherRows: false },
    });
    expect(await promoted()).toBe(1);
  });

  test("of the version that is served already changes nothing", async () => {
    const version = await versionWith({ validation_accuracy: 0.7 });
    await promoteIfBetter(version, byAccuracy, store);
    expect(await promoteIfBetter(version, byAccuracy, store)).toEqual({ promoted: false, value: 0.7 });
    expect(await promoted()).toBe(1);
  });

  test("takes the smaller value where less is better", async () => {
    for (const value of [0.5, 0.6, 0.4])
      await promoteIfBetter(await versionWith({ validation_loss: value }), byLoss, store);
    expect(await promoted()).toBe(3);
  });

  test("does not compare what was measured on different rows", async () => {
    const runOn = async (digest: string, accuracy: number) => {
      const runId = await runWith({ validation_accuracy: accuracy });
      await store.logDataset(runId, { ...validationRows, digest });
      return registerRun(project, runId, store);
    };
    await promoteIfBetter(await runOn("aa", 0.7), byAccuracy, store);
    expect(await promoteIfBetter(await runOn("bb", 0.8), byAccuracy, store)).toEqual({
      ...{ promoted: false, value: 0.8 },
      incumbent: { version: 1, value: 0.7, isOfOtherRows: true },
    });
    expect(await promoted()).toBe(1);
    expect(await promoteIfBetter(await runOn("aa", 0.8), byAccuracy, store)).toMatchObject({
      promoted: true,
    });
  });

  test("goes to a version that can be measured where the served one cannot", async () => {
    const { version } = await versionWith({ validation_loss: 0.5 });
    await store.setAlias(project.name, inferenceAlias, version);
    const measured = await versionWith({ validation_accuracy: 0.5 });
    expect(await promoteIfBetter(measured, byAccuracy, store)).toEqual({
      ...{ promoted: true, value: 0.5 },
      incumbent: { version: 1, isOfOtherRows: false },
    });
  });

  test("a version of development mode stands in until there is one of all rows, and never takes its place", async () => {
    const promote = async (mode: "development" | "whole", validation_loss: number) => {
      const params = { development_mode: String(mode === "development") };
      const runId = await runWith({ validation_loss }, params);
      await store.logDataset(runId, { ...validationRows, digest: mode });
      return promoteIfBetter(await registerRun(project, runId, store), byLoss, store);
    };
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

  test("needs the metric", async () => {
    const version = await versionWith({ validation_accuracy: Number.NaN });
    await expect(promoteIfBetter(version, byAccuracy, store)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: version 1 of movie-reviews has no best_validation_accuracy]`,
    );
  });

  test("leaves the best of all with the alias, the first of equals, in whatever order they come", async () => {
    const accuracies = fc.array(fc.constantFrom<number[]>(0.5, 0.6, 0.7, 0.8), {
      minLength: 1,
      maxLength: 6,
    });
    let models = 0;
    await fc.assert(
      fc.asyncProperty(accuracies, async (values) => {
        const name = `model-${models++}`;
        for (const validation_accuracy of values) {
          const runId = await runWith({ validation_accuracy });
          await promoteIfBetter(await registerRun({ name }, runId, store), byAccuracy, store);
        }
        const holder = await store.getVersionByAlias(name, inferenceAlias);
        expect(holder?.version).toBe(values.indexOf(Math.max(...values)) + 1);
      }),
      { numRuns: 10 },
    );
  });
});

const validationRows = { name: "validation", source: "rows.csv", profile: "{}", context: "validation" };

/** A run that has a model, and its best accuracy. */
async function modelWith(accuracy: number, tags: Record<string, string> = {}): Promise<string> {
  const runId = await runWith({ validation_accuracy: accuracy });
  await store.artifacts(runId).put("model/havn.json", new TextEncoder().encode("{}"));
  await store.logBatch(runId, { tags });
  await store.updateRun(runId, { status: "FINISHED" });
  return runId;
}

describe("the best of all runs", () => {
  test("is registered and promoted, whether it was registered before or not", async () => {
    await promoteIfBetter(await versionWith({ validation_accuracy: 0.7 }), byAccuracy, store);
    const best = await modelWith(0.9);
    await modelWith(0.8);
    await modelWith(0.9);
    const promotion = await promoteBest(project, byAccuracy, store);
    expect(promotion).toMatchObject({ promoted: true, value: 0.9, version: { version: 2, runId: best } });
    expect(await promoted()).toBe(2);
    expect(await promoteBest(project, byAccuracy, store)).toMatchObject({ promoted: false, value: 0.9 });
    expect(await store.listModelVersions(project.name)).toHaveLength(2);
  });

  test("does not replace one that is better, and has a model and the metric", async () => {
    await promoteIfBetter(await versionWith({ validation_accuracy: 0.95 }), byAccuracy, store);
    const withoutModel = await runWith({ validation_accuracy: 0.99 });
    await store.updateRun(withoutModel, { status: "FINISHED" });
    await modelWith(Number.NaN);
    await modelWith(0.9);
    expect(await promoteBest(project, byAccuracy, store)).toMatchObject({
      ...{ promoted: false, value: 0.9, incumbent: { version: 1, value: 0.95, isOfOtherRows: false } },
    });
    expect(await promoted()).toBe(1);
  });

  test("is sought among those on the rows of what is served first, since others cannot be compared", async () => {
    const on = async (digest: string, accuracy: number) => {
      const runId = await modelWith(accuracy);
      await store.logDataset(runId, { ...validationRows, digest });
      return runId;
    };
    await promoteIfBetter(await registerRun(project, await on("aa", 0.7), store), byAccuracy, store);
    const onFewRows = await on("bb", 1);
    const better = await on("aa", 0.8);
    expect(await promoteBest(project, byAccuracy, store)).toMatchObject({
      ...{ promoted: true, value: 0.8, version: { runId: better } },
    });
    expect((await store.listModelVersions(project.name)).map(({ runId }) => runId)).not.toContain(onFewRows);
  });

  test("is missed where there is none", async () => {
    await expect(promoteBest(project, byAccuracy, store)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: no finished run of movie-reviews has a best_validation_accuracy and a model]`,
    );
  });
});

test("the best run of a sweep becomes a version that knows its sweep, run, data, code and history", async () => {
  const { sweepId } = await store.createSweep({
    ...{ project: project.name, name: "default", overrides: [], seed: 1 },
    definition: {
      method: "grid",
      metric: { name: "validation_accuracy", goal: "maximize" },
      parameters: { seed: { values: [1, 2, 3] } },
    },
  });
  await expect(linkSweep(sweepId, store)).rejects.toThrow(`no trial of sweep ${sweepId} has finished yet`);
  const runs: string[] = [];
  for (const [i, value] of [0.6, 0.8, 0.7].entries()) {
    const number = i + 1;
    const claim = { agent: "a", leaseMs: 1000, proposal: { number, parameters: { seed: number } } };
    await store.claimTrial(sweepId, claim);
    const tags = { "havn.sweep": sweepId, "havn.sweep.trial": String(number) };
    const runId = await modelWith(value, {
      ...tags,
      "mlflow.source.git.commit": "abc",
      "havn.git.dirty": "true",
    });
    runs.push(runId);
    await store.renewTrial(sweepId, number, { agent: "a", leaseMs: 1000, runId });
    await store.endTrial(sweepId, number, "a", { status: "FINISHED", value });
  }
  const { version, trial } = await linkSweep(sweepId, store);
  expect([trial.number, version.version, version.runId]).toEqual([2, 1, runs[1]]);
  expect((await linkSweep(sweepId, store)).version.version).toBe(1);

  await store.logDataset(runs[1]!, {
    name: "train",
    digest: "4f2a",
    source: "train.csv",
    context: "training",
  });
  await store.artifacts(runs[1]!).put("config.yaml", new TextEncoder().encode("seed: 2\n"));
  await store.setAlias(project.name, inferenceAlias, 1, "ada");
  expect(await versionLineage(project.name, 1, store)).toMatchObject({
    ...{ version: { version: 1, tags: { "havn.sweep": sweepId } }, run: { runId: runs[1] } },
    ...{ metrics: { best_validation_accuracy: 0.8 }, code: { commit: "abc", isDirty: true } },
    data: [{ name: "train", digest: "4f2a", source: "train.csv", context: "training" }],
    ...{ configuration: { seed: 2 }, sweep: { sweepId, trial: 2 } },
    history: [{ kind: "alias-set", alias: "inference", user: "ada" }, { kind: "version-created" }],
  });
});
