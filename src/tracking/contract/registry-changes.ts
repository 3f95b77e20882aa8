import { beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What holds when what is registered is described, renamed, staged and removed. */
export function registryChangesContract(given: Given<Store>): void {
  describe("changes of the registry", () => {
    beforeEach(async () => {
      await given.store.createRegisteredModel("reviews", { tags: { a: "b" } });
      for (const source of ["x", "y", "z"])
        await given.store.createModelVersion({
          ...{ name: "reviews", source, runLink: "https://elsewhere", modelId: "m-1" },
          tags: { from: source },
        });
      await given.store.setAlias("reviews", "best", 2);
      given.time = 2000;
    });
    const versions = async (name = "reviews") =>
      (await given.store.listModelVersions(name)).map(({ version }) => version);

    test("descriptions", async () => {
      const model = await given.store.updateRegisteredModel("reviews", { description: "of books" });
      expect(model).toMatchObject({ description: "of books", lastUpdateTime: 2000, creationTime: 1000 });
      const version = await given.store.updateModelVersion("reviews", 2, { description: "second" });
      expect(version).toMatchObject({ description: "second", lastUpdateTime: 2000, modelId: "m-1" });
      for (const change of [
        given.store.updateRegisteredModel("none", { description: "" }),
        given.store.updateModelVersion("reviews", 9, { description: "" }),
      ])
        await expect(change).rejects.toMatchObject({ code: "not-found" });
    });

    test("another name takes everything along", async () => {
      await given.store.ensureRegisteredModel("taken");
      await expect(given.store.renameRegisteredModel("reviews", "taken")).rejects.toMatchObject({
        code: "already-exists",
      });
      await expect(given.store.renameRegisteredModel("reviews", "a/b")).rejects.toMatchObject({
        code: "invalid",
      });
      await expect(given.store.renameRegisteredModel("none", "x")).rejects.toMatchObject({
        code: "not-found",
      });
      expect(await given.store.renameRegisteredModel("reviews", "books")).toMatchObject({
        name: "books",
        tags: { a: "b" },
        aliases: { best: 2 },
      });
      expect(await versions("books")).toEqual([3, 2, 1]);
      expect(await given.store.getModelVersion("books", 2)).toMatchObject({
        tags: { from: "y" },
        aliases: ["best"],
      });
      await expect(given.store.getRegisteredModel("reviews")).rejects.toMatchObject({ code: "not-found" });
      expect((await given.store.createModelVersion({ name: "books", source: "x" })).version).toBe(4);
    });

    test("a stage holds one version or many", async () => {
      const stages = async () => (await given.store.listModelVersions("reviews")).map(({ stage }) => stage);
      await given.store.setModelVersionStage("reviews", 1, "Production");
      await given.store.setModelVersionStage("reviews", 2, "Production");
      expect(await stages()).toEqual(["None", "Production", "Production"]);
      const third = await given.store.setModelVersionStage("reviews", 3, "Production", {
        archiveOthers: true,
      });
      expect(third).toMatchObject({ version: 3, stage: "Production", lastUpdateTime: 2000 });
      expect(await stages()).toEqual(["Production", "Archived", "Archived"]);
    });

    test("a version that is deleted is gone with its aliases, and its number stays its own", async () => {
      await given.store.setAlias("reviews", "newest", 3);
      await given.store.deleteModelVersion("reviews", 3, "ada");
      expect(await given.store.getVersionByAlias("reviews", "newest")).toBeUndefined();
      expect((await given.store.getRegisteredModel("reviews")).aliases).toEqual({ best: 2 });
      expect((await given.store.createModelVersion({ name: "reviews", source: "x" })).version).toBe(4);
      expect(await versions()).toEqual([4, 2, 1]);
      await expect(given.store.deleteModelVersion("reviews", 3)).rejects.toMatchObject({ code: "not-found" });
      const [, event] = await given.store.listRegistryEvents({ name: "reviews" });
      expect(event).toMatchObject({
        kind: "alias-deleted",
        alias: "newest",
        previousVersion: 3,
        user: "ada",
      });
    });

    test("a model that is deleted is gone with its versions, and its name is free", async () => {
      await given.store.deleteRegisteredModel("reviews");
      await expect(given.store.getModelVersion("reviews", 1)).rejects.toMatchObject({ code: "not-found" });
      await expect(given.store.deleteRegisteredModel("reviews")).rejects.toMatchObject({ code: "not-found" });
      await given.store.createRegisteredModel("reviews");
      expect(await versions()).toEqual([]);
      expect((await given.store.createModelVersion({ name: "reviews", source: "x" })).version).toBe(1);
    });
  });
}
