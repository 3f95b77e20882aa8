import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Given } from "./given.ts";

/** What holds for runs and all that they log. */
export function runsContract(given: Given): void {
  describe("runs", () => {
    test("a run begins and ends", async () => {
      const run = await given.store.createRun({
        experimentId: "0",
        name: "first",
        params: { lr: "0.1" },
        tags: { note: "x" },
      });
      expect(run).toEqual({
        runId: expect.stringMatching(/^[0-9a-f]{32}$/),
        experimentId: "0",
        name: "first",
        status: "RUNNING",
        lifecycleStage: "active",
        startTime: 1000,
        params: { lr: "0.1" },
        metrics: {},
        tags: { note: "x", "mlflow.runName": "first" },
        datasets: [],
      });
      given.time = 5000;
      expect(await given.store.updateRun(run.runId, { status: "FINISHED" })).toMatchObject({
        status: "FINISHED",
        endTime: 5000,
      });
      expect(await given.store.updateRun(run.runId, { status: "FAILED", endTime: 6000 })).toMatchObject({
        endTime: 6000,
      });
      expect(await given.store.updateRun(run.runId, { status: "RUNNING" })).not.toHaveProperty("endTime");
    });

    test("a name comes from the tag, from an update, or from the id", async () => {
      expect(
        await given.store.createRun({ experimentId: "0", tags: { "mlflow.runName": "tagged" } }),
      ).toMatchObject({ name: "tagged" });
      const { runId, name } = await given.store.createRun({ experimentId: "0" });
      expect(name).toBe(`run-${runId.slice(0, 8)}`);
      await given.store.updateRun(runId, { name: "renamed" });
      expect(await given.store.getRun(runId)).toMatchObject({
        name: "renamed",
        tags: { "mlflow.runName": "renamed" },
      });
      await given.store.logBatch(runId, { tags: { "mlflow.runName": "again" } });
      expect(await given.store.getRun(runId)).toMatchObject({ name: "again" });
    });

    test("params keep their first value", async () => {
      const { runId } = await given.newRun("r", { params: { lr: "0.1" } });
      await given.store.logBatch(runId, { params: { lr: "0.1", batch: "64" } });
      const change = given.store.logBatch(runId, {
        params: { epochs: "3", lr: "0.2" },
        tags: { seen: "no" },
      });
      await expect(change).rejects.toMatchObject(
        given.refusal({
          code: "invalid",
          subject: "param lr",
          expected: '"0.1"',
          got: '"0.2"',
          message: `param lr of run ${runId} is "0.1" and cannot become "0.2": params keep their first value. Log what changes as a metric or a tag, or start another run.`,
        }),
      );
      // All or nothing: what stood beside it was not written either.
      expect(await given.store.getRun(runId)).toMatchObject({
        params: { lr: "0.1", batch: "64" },
        tags: { "mlflow.runName": "r" },
      });
    });

    test("tags are replaced and removed", async () => {
      const { runId } = await given.newRun("r", { tags: { note: "old" } });
      await given.store.logBatch(runId, { tags: { note: "new" } });
      expect((await given.store.getRun(runId)).tags).toMatchObject({ note: "new" });
      await given.store.deleteTag(runId, "note");
      expect((await given.store.getRun(runId)).tags).toEqual({ "mlflow.runName": "r" });
      await expect(given.store.deleteTag(runId, "note")).rejects.toMatchObject(
        given.refusal({
          code: "not-found",
          subject: "tag",
        }),
      );
    });

    test("a metric has a history, and its latest value is that of the highest step", async () => {
      const { runId } = await given.newRun("r");
      const at = (step: number, timestamp: number, value: number) => ({
        key: "loss",
        step,
        timestamp,
        value,
      });
      await given.store.logBatch(runId, { metrics: [at(2, 30, 0.2), at(1, 10, 0.9)] });
      await given.store.logBatch(runId, { metrics: [at(1, 40, 0.8), at(1, 10, 0.9)] });
      expect(await given.store.metricHistory(runId, "loss")).toEqual([
        at(1, 10, 0.9),
        at(2, 30, 0.2),
        at(1, 40, 0.8),
      ]);
      expect((await given.store.getRun(runId)).metrics).toEqual({ loss: at(2, 30, 0.2) });
      await given.store.logBatch(runId, { metrics: [at(2, 30, 0.3)] });
      expect((await given.store.getRun(runId)).metrics.loss?.value).toBe(0.3);
      expect(await given.store.metricHistory(runId, "accuracy")).toEqual([]);
    });

    test("the latest value does not depend on how the values were batched", async () => {
      const metric = fc.record({
        key: fc.constantFrom("a", "b"),
        step: fc.integer({ min: 0, max: 2 }),
        timestamp: fc.integer({ min: 0, max: 2 }),
        value: fc.constantFrom(-1, 0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(metric, { maxLength: 12 }), async (metrics) => {
          const [whole, single] = [await given.newRun("whole"), await given.newRun("single")];
          await given.store.logBatch(whole.runId, { metrics });
          for (const one of metrics) await given.store.logBatch(single.runId, { metrics: [one] });
          const latest = async (runId: string) =>
            Object.values((await given.store.getRun(runId)).metrics)
              .map(({ key, step, timestamp }) => [key, step, timestamp])
              .sort();
          expect(await latest(whole.runId)).toEqual(await latest(single.runId));
          expect(await given.store.metricHistory(whole.runId, "a")).toEqual(
            await given.store.metricHistory(single.runId, "a"),
          );
        }),
        { numRuns: 25 },
      );
    });

    test("NaN, infinities and the ends of what a double holds come back", async () => {
      const { runId } = await given.newRun("r");
      const values = [Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, 0.1 + 0.2, 1e300];
      await given.store.logBatch(runId, {
        metrics: values.map((value, step) => ({ key: "v", value, step, timestamp: step })),
      });
      expect((await given.store.metricHistory(runId, "v")).map(({ value }) => value)).toEqual(values);
    });

    test("a batch of ten thousand metrics is one write", async () => {
      const { runId } = await given.newRun("r");
      const metrics = Array.from({ length: 10_000 }, (_, i) => ({
        key: `m${i % 3000}`,
        value: i,
        step: i,
        timestamp: i,
      }));
      await given.store.logBatch(runId, { metrics });
      const run = await given.store.getRun(runId);
      expect(Object.keys(run.metrics)).toHaveLength(3000);
      expect(run.metrics.m999?.value).toBe(9999);
      expect(await given.store.metricHistory(runId, "m0")).toHaveLength(4);
    });

    test("what a run cannot hold is refused with its name", async () => {
      const { runId } = await given.newRun("r");
      const metric = { key: "loss", value: 1, timestamp: 0, step: 0 };
      await expect(
        given.store.logBatch(runId, { metrics: [{ ...metric, step: 0.5 }] }),
      ).rejects.toThrowErrorMatchingInlineSnapshot(
        `[StoreError: step of metric loss must be a whole number below 2^53, got 0.5]`,
      );
      await expect(given.store.logBatch(runId, { metrics: [{ ...metric, key: " " }] })).rejects.toThrow(
        'metric needs a name, got " "',
      );
      await expect(given.store.logBatch(runId, { tags: { note: "a\0b" } })).rejects.toThrow(
        "tag note holds a NUL character",
      );
      await expect(given.store.logBatch(runId, { tags: { ["k".repeat(251)]: "" } })).rejects.toMatchObject({
        code: "invalid",
      });
      expect(await given.store.getRun(runId)).toMatchObject({
        metrics: {},
        params: {},
        tags: { "mlflow.runName": "r" },
      });
    });

    test("a deleted run is not written to until it is restored", async () => {
      const { runId } = await given.newRun("r");
      await given.store.deleteRun(runId);
      expect(await given.store.getRun(runId)).toMatchObject({ lifecycleStage: "deleted" });
      expect(await given.found({})).toEqual([]);
      expect(await given.found({ view: "deleted" })).toEqual(["r"]);
      await expect(given.store.logBatch(runId, { tags: { a: "b" } })).rejects.toThrow(
        "is deleted; restore it before writing to it",
      );
      await given.store.restoreRun(runId);
      await given.store.logBatch(runId, { tags: { a: "b" } });
      expect(await given.found({ view: "all" })).toEqual(["r"]);
    });

    test("an unknown run is named by every method", async () => {
      const none = "0".repeat(32);
      const attempts = [
        () => given.store.getRun(none),
        () => given.store.updateRun(none, { status: "FAILED" }),
        () => given.store.deleteRun(none),
        () => given.store.restoreRun(none),
        () => given.store.logBatch(none, { tags: { a: "b" } }),
        () => given.store.deleteTag(none, "a"),
        () => given.store.logDataset(none, { name: "d", digest: "1", source: "s" }),
        () => given.store.metricHistory(none, "loss"),
      ];
      for (const attempt of attempts) {
        await expect(attempt()).rejects.toThrow(`there is no run with the id "${none}"`);
      }
    });

    test("datasets belong to a run once, with what they were used for", async () => {
      const [a, b] = [await given.newRun("a"), await given.newRun("b")];
      const dataset = {
        name: "reviews",
        digest: "4f2a",
        source: "data/reviews.csv",
        profile: '{"rows":10}',
        context: "training",
      };
      await given.store.logDataset(a.runId, dataset);
      await given.store.logDataset(a.runId, { ...dataset, context: "test" });
      await given.store.logDataset(b.runId, { name: "reviews", digest: "9c01", source: "data/reviews.csv" });
      expect((await given.store.getRun(a.runId)).datasets).toEqual([{ ...dataset, context: "test" }]);
      expect((await given.store.getRun(b.runId)).datasets).toEqual([
        { name: "reviews", digest: "9c01", source: "data/reviews.csv" },
      ]);
      expect(await given.found({ filter: "datasets.digest = '4f2a'" })).toEqual(["a"]);
      expect(
        await given.found({ filter: "dataset.context IN ('test', 'x') and dataset.name LIKE 'rev%'" }),
      ).toEqual(["a"]);
    });

    test("each run has artifacts of its own", async () => {
      const [a, b] = [await given.newRun("a"), await given.newRun("b")];
      await given.store.artifacts(a.runId).put("model/config.json", new TextEncoder().encode("{}"));
      expect((await given.store.artifacts(a.runId).list()).map(({ name }) => name)).toEqual([
        "model/config.json",
      ]);
      expect(await given.store.artifacts(b.runId).list()).toEqual([]);
      await expect(given.store.artifacts(a.runId).read(`../${b.runId}/x`)).rejects.toMatchObject({
        code: "invalid-name",
      });
      expect(() => given.store.artifacts("../..")).toThrow('there is no run with the id "../.."');
    });
  });
}
