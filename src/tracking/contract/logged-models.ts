import { beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What holds for models as runs log them. */
export function loggedModelsContract(given: Given<Store>): void {
  describe("logged models", () => {
    test("from their creation to their end", async () => {
      const { runId } = await given.newRun("r");
      const made = await given.store.createLoggedModel({
        experimentId: "0",
        name: "forest",
        modelType: "sklearn",
        sourceRunId: runId,
        params: { depth: "3" },
        tags: { note: "first" },
      });
      expect(made).toEqual({
        modelId: expect.stringMatching(/^m-[0-9a-f]{32}$/),
        experimentId: "0",
        name: "forest",
        modelType: "sklearn",
        sourceRunId: runId,
        status: "PENDING",
        lifecycleStage: "active",
        creationTime: 1000,
        lastUpdateTime: 1000,
        params: { depth: "3" },
        tags: { note: "first" },
        metrics: [],
      });
      given.time = 2000;
      const { modelId } = made;
      await given.store.logLoggedModelParams(modelId, { depth: "3", trees: "10" });
      await given.store.setLoggedModelTags(modelId, { note: "second", more: "x" });
      await given.store.deleteLoggedModelTag(modelId, "more");
      const metric = { key: "acc", value: 0.9, timestamp: 5, step: 1, modelId };
      await given.store.logBatch(runId, {
        metrics: [metric, { ...metric, datasetName: "test", datasetDigest: "4f", value: Number.NaN }],
      });
      expect(await given.store.finalizeLoggedModel(modelId, "READY")).toEqual({
        ...made,
        status: "READY",
        lastUpdateTime: 2000,
        params: { depth: "3", trees: "10" },
        tags: { note: "second" },
        metrics: expect.arrayContaining([
          { ...metric, runId },
          { ...metric, runId, value: Number.NaN, datasetName: "test", datasetDigest: "4f" },
        ]),
      });
      expect((await given.store.getRun(runId)).metrics).toMatchObject({ acc: { step: 1 } });
      await given.store.deleteLoggedModel(modelId);
      await expect(given.store.getLoggedModel(modelId)).rejects.toMatchObject({ code: "not-found" });
      expect(await given.store.getLoggedModel(modelId, { allowDeleted: true })).toMatchObject({
        lifecycleStage: "deleted",
      });
    });

    test("what cannot be is refused", async () => {
      const { runId } = await given.newRun("r");
      const { modelId } = await given.store.createLoggedModel({ experimentId: "0", params: { a: "1" } });
      const refused = (promise: Promise<unknown>, code: string) =>
        expect(promise).rejects.toMatchObject({ code });
      await refused(given.store.createLoggedModel({ experimentId: "0", name: "a/b" }), "invalid");
      await refused(given.store.createLoggedModel({ experimentId: "7" }), "not-found");
      await refused(given.store.logLoggedModelParams(modelId, { a: "2" }), "invalid");
      await refused(given.store.deleteLoggedModelTag(modelId, "none"), "not-found");
      await refused(given.store.logModels(runId, { outputs: [{ modelId: "m-none", step: 0 }] }), "not-found");
      const metric = { key: "acc", value: 1, timestamp: 1, step: 1, modelId: "m-none" };
      await refused(given.store.logBatch(runId, { metrics: [metric] }), "not-found");
      expect((await given.store.getRun(runId)).metrics).toEqual({});
    });

    test("a run says which it has read and made", async () => {
      const { runId } = await given.newRun("r");
      const [a, b] = [
        await given.store.createLoggedModel({ experimentId: "0" }),
        await given.store.createLoggedModel({ experimentId: "0" }),
      ];
      await given.store.logModels(runId, { outputs: [{ modelId: a.modelId, step: 1 }] });
      await given.store.logModels(runId, {
        inputs: [b.modelId],
        outputs: [{ modelId: a.modelId, step: 4 }],
      });
      expect(await given.store.getRun(runId)).toMatchObject({
        modelInputs: [b.modelId],
        modelOutputs: [{ modelId: a.modelId, step: 4 }],
      });
    });

    test("lie where their experiment says", async () => {
      const location = { artifactLocation: "s3://bucket/folder/" };
      const { experimentId } = await given.store.createExperiment("elsewhere", {}, location);
      expect(await given.store.getExperiment(experimentId)).toMatchObject(location);
      const { modelId, artifactUri } = await given.store.createLoggedModel({ experimentId });
      expect(artifactUri).toBe(`s3://bucket/folder/models/${modelId}/artifacts`);
      const run = await given.store.createRun({ experimentId, isPlacedByExperiment: true });
      expect(run.artifactUri).toBe(`s3://bucket/folder/${run.runId}/artifacts`);
      expect(await given.store.createRun({ experimentId })).not.toHaveProperty("artifactUri");
    });

    describe("search", () => {
      beforeEach(async () => {
        for (const [name, train, test] of [
          ["a", 0.9, 0.5],
          ["b", 0.7, 0.6],
          ["c", 0.8, undefined],
        ] as const) {
          given.time++;
          const { runId } = await given.newRun(name);
          const model = {
            experimentId: "0",
            name,
            params: { letter: name },
            tags: { even: String(name === "b") },
          };
          const { modelId } = await given.store.createLoggedModel(model);
          const metric = { key: "acc", timestamp: 1, modelId };
          const metrics = [
            { ...metric, step: 1, value: 0, datasetName: "train", datasetDigest: "1" },
            { ...metric, step: 2, value: train, datasetName: "train", datasetDigest: "2" },
            ...(test ? [{ ...metric, step: 3, value: test, datasetName: "test", datasetDigest: "3" }] : []),
          ];
          await given.store.logBatch(runId, { metrics });
        }
        const { modelId } = await given.store.createLoggedModel({ experimentId: "0", name: "gone" });
        await given.store.deleteLoggedModel(modelId);
      });

      test.each([
        [{}, "c b a"],
        [{ filter: "params.letter = 'b'" }, "b"],
        [{ filter: "tags.even != 'true' AND name LIKE 'a%'" }, "a"],
        [{ filter: "status = 'READY'" }, ""],
        [{ filter: "metrics.acc > 0.65" }, "c b a"],
        [{ filter: "metrics.acc > 0.55", datasets: [{ name: "test" }] }, "b"],
        [{ filter: "metrics.acc < 0.1", datasets: [{ name: "train", digest: "2" }] }, ""],
        [{ datasets: [{ name: "test", digest: "3" }] }, "b a"],
        [{ orderBy: ["metrics.acc DESC"] }, "c b a"],
        [{ orderBy: ["metrics.acc DESC"], orderDatasets: [{ name: "train" }] }, "a c b"],
        [{ orderBy: ["metrics.acc"], orderDatasets: [{ name: "test", digest: "3" }] }, "a b c"],
        [{ orderBy: ["last_updated_timestamp", "name DESC"] }, "a b c"],
      ])("%j", async (query, names) => {
        const { items } = await given.store.searchLoggedModels({ experimentIds: ["0"], ...query });
        expect(items.map(({ name }) => name).join(" ")).toBe(names);
      });

      test("comes in pages", async () => {
        const first = await given.store.searchLoggedModels({ experimentIds: ["0"], maxResults: 2 });
        const pageToken = first.nextPageToken!;
        const second = await given.store.searchLoggedModels({
          experimentIds: ["0"],
          maxResults: 2,
          pageToken,
        });
        expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["c", "b", "a"]);
        expect(second.nextPageToken).toBeUndefined();
      });
    });
  });
}
