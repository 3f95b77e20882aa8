import { describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What holds for experiments. */
export function experimentsContract(given: Given): void {
  describe("experiments", () => {
    test("a new store has the experiment 0, named Default", async () => {
      expect(await given.store.getExperiment("0")).toMatchObject({
        name: "Default",
        lifecycleStage: "active",
      });
    });

    test("an experiment is found by id and by name", async () => {
      const made = await given.store.createExperiment("reviews", { team: "text" });
      expect(made).toEqual({
        experimentId: "1",
        name: "reviews",
        lifecycleStage: "active",
        creationTime: 1000,
        lastUpdateTime: 1000,
        tags: { team: "text" },
      });
      expect(await given.store.getExperiment("1")).toEqual(made);
      expect(await given.store.getExperimentByName("reviews")).toEqual(made);
      expect(await given.store.ensureExperiment("reviews")).toEqual(made);
      expect(await given.store.getExperimentByName("Reviews")).toBeUndefined();
    });

    test("a name is taken once", async () => {
      await given.store.createExperiment("reviews");
      await expect(given.store.createExperiment("reviews")).rejects.toThrowErrorMatchingInlineSnapshot(
        `[StoreError: experiment "reviews" exists already, with the id 1]`,
      );
      await expect(given.store.renameExperiment("0", "reviews")).rejects.toMatchObject({
        code: "already-exists",
      });
      await given.store.renameExperiment("1", "reviews");
      await given.store.deleteExperiment("1");
      await expect(given.store.ensureExperiment("reviews")).rejects.toThrowErrorMatchingInlineSnapshot(
        `[StoreError: experiment "reviews" exists already, with the id 1; it is deleted: restore it, or take another name]`,
      );
    });

    test.each(["7", "-1", "1e0", "0x0", "", "abc", "9".repeat(30)])(
      "the id %j belongs to none",
      async (id) => {
        await expect(given.store.getExperiment(id)).rejects.toMatchObject(
          given.refusal({
            code: "not-found",
            subject: "experiment",
          }),
        );
        await expect(given.store.createRun({ experimentId: id })).rejects.toMatchObject({
          code: "not-found",
        });
        expect((await given.store.searchRuns({ experimentIds: [id] })).items).toEqual([]);
      },
    );

    test("deleting hides it with its runs, restoring brings back those it took along", async () => {
      const { experimentId } = await given.store.createExperiment("reviews");
      const kept = await given.newRun("kept", { experimentId });
      const dropped = await given.newRun("dropped", { experimentId });
      await given.store.deleteRun(dropped.runId);
      given.time = 2000;
      await given.store.deleteExperiment(experimentId);
      expect((await given.store.searchExperiments()).items.map(({ name }) => name)).toEqual(["Default"]);
      expect((await given.store.searchExperiments({ view: "deleted" })).items).toHaveLength(1);
      expect((await given.store.searchRuns({ experimentIds: [experimentId] })).items).toEqual([]);
      await expect(given.newRun("late", { experimentId })).rejects.toThrow(
        "experiment 1 (reviews) is deleted; restore it first",
      );
      given.time = 3000;
      await given.store.restoreExperiment(experimentId);
      const runs = (await given.store.searchRuns({ experimentIds: [experimentId] })).items;
      expect(runs.map(({ runId }) => runId)).toEqual([kept.runId]);
      await expect(given.store.restoreExperiment(experimentId)).rejects.toThrow("is not deleted");
    });

    test("a search filters, orders and pages", async () => {
      for (const name of ["cards", "tweets", "reviews"]) {
        given.time++;
        await given.store.createExperiment(name, { kind: name === "cards" ? "image" : "text" });
      }
      const names = async (query: Parameters<Store["searchExperiments"]>[0]) =>
        (await given.store.searchExperiments(query)).items.map(({ name }) => name);
      expect(await names({})).toEqual(["reviews", "tweets", "cards", "Default"]);
      expect(await names({ filter: "tags.kind = 'text'", orderBy: ["name"] })).toEqual(["reviews", "tweets"]);
      expect(await names({ filter: "name LIKE '%s' AND creation_time > 1001" })).toEqual([
        "reviews",
        "tweets",
      ]);
      const first = await given.store.searchExperiments({ maxResults: 3 });
      expect(await names({ maxResults: 3, pageToken: first.nextPageToken! })).toEqual(["Default"]);
    });
  });
}
