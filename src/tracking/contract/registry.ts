import { describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What holds for registered models, versions and aliases. */
export function registryContract(given: Given): void {
  describe("registry", () => {
    test("versions count up within their model", async () => {
      await given.store.createRegisteredModel("reviews", { description: "of films", tags: { task: "text" } });
      await given.store.ensureRegisteredModel("cards");
      const { runId } = await given.newRun("r");
      const version = await given.store.createModelVersion({
        name: "reviews",
        source: `runs:/${runId}/model`,
        runId,
        tags: { acc: "0.8" },
      });
      expect(version).toEqual({
        name: "reviews",
        version: 1,
        description: "",
        creationTime: 1000,
        lastUpdateTime: 1000,
        source: `runs:/${runId}/model`,
        runId,
        stage: "None",
        tags: { acc: "0.8" },
        aliases: [],
      });
      await given.store.createModelVersion({ name: "reviews", source: "s3://elsewhere" });
      expect((await given.store.createModelVersion({ name: "cards", source: "s3://x" })).version).toBe(1);
      expect((await given.store.listModelVersions("reviews")).map(({ version }) => version)).toEqual([2, 1]);
      expect(await given.store.getModelVersion("reviews", 1)).toEqual(version);
      expect(await given.store.ensureRegisteredModel("reviews")).toMatchObject({
        description: "of films",
        tags: { task: "text" },
      });
    });

    test("a model that is not registered has no version under an alias", async () => {
      expect(await given.store.getVersionByAlias("unheard-of", "inference")).toBeUndefined();
    });

    test("an alias is on one version at a time", async () => {
      await given.store.createRegisteredModel("reviews");
      for (const source of ["s3://a", "s3://b"])
        await given.store.createModelVersion({ name: "reviews", source });
      expect(await given.store.getVersionByAlias("reviews", "inference")).toBeUndefined();
      await given.store.setAlias("reviews", "inference", 1);
      await given.store.setAlias("reviews", "candidate", 1);
      await given.store.setAlias("reviews", "inference", 2);
      expect(await given.store.getVersionByAlias("reviews", "inference")).toMatchObject({
        version: 2,
        aliases: ["inference"],
      });
      expect((await given.store.getModelVersion("reviews", 1)).aliases).toEqual(["candidate"]);
      expect((await given.store.getRegisteredModel("reviews")).aliases).toEqual({
        candidate: 1,
        inference: 2,
      });
      await given.store.deleteAlias("reviews", "inference");
      await given.store.deleteAlias("reviews", "inference");
      expect(await given.store.getVersionByAlias("reviews", "inference")).toBeUndefined();
    });

    test("an alias has letters of any alphabet", async () => {
      await given.store.createRegisteredModel("reviews");
      await given.store.createModelVersion({ name: "reviews", source: "s3://a" });
      await given.store.setAlias("reviews", "prøve", 1);
      expect(await given.store.getVersionByAlias("reviews", "prøve")).toMatchObject({ version: 1 });
    });

    test.each(["", "v3", "V12", "latest", "a b", "a/b", "x".repeat(256)])(
      "the alias %j is refused",
      async (alias) => {
        await given.store.createRegisteredModel("reviews");
        await given.store.createModelVersion({ name: "reviews", source: "s3://a" });
        await expect(given.store.setAlias("reviews", alias, 1)).rejects.toMatchObject({ code: "invalid" });
      },
    );

    test("what is missing or there already is named", async () => {
      await given.store.createRegisteredModel("reviews");
      await expect(given.store.createRegisteredModel("reviews")).rejects.toThrow(
        'registered model "reviews" exists already',
      );
      await expect(given.store.createRegisteredModel("a/b")).rejects.toMatchObject({ code: "invalid" });
      await expect(given.store.getRegisteredModel("cards")).rejects.toThrow(
        'there is no registered model "cards"',
      );
      await expect(given.store.createModelVersion({ name: "cards", source: "s3://x" })).rejects.toMatchObject(
        {
          code: "not-found",
        },
      );
      await expect(given.store.listModelVersions("cards")).rejects.toMatchObject({ code: "not-found" });
      await expect(given.store.setAlias("reviews", "inference", 1)).rejects.toThrow(
        'registered model "reviews" has no version 1',
      );
      expect((await given.store.getRegisteredModel("reviews")).aliases).toEqual({});
    });

    test("tags of models and versions are set, replaced and removed", async () => {
      await given.store.createRegisteredModel("reviews");
      await given.store.createModelVersion({ name: "reviews", source: "s3://a" });
      await given.store.setRegisteredModelTag("reviews", "owner", "a");
      await given.store.setRegisteredModelTag("reviews", "owner", "b");
      await given.store.setModelVersionTag("reviews", 1, "checked", "yes");
      expect((await given.store.getRegisteredModel("reviews")).tags).toEqual({ owner: "b" });
      expect((await given.store.getModelVersion("reviews", 1)).tags).toEqual({ checked: "yes" });
      await given.store.deleteRegisteredModelTag("reviews", "owner");
      await given.store.deleteModelVersionTag("reviews", 1, "checked");
      expect((await given.store.getRegisteredModel("reviews")).tags).toEqual({});
      expect((await given.store.getModelVersion("reviews", 1)).tags).toEqual({});
      await expect(given.store.setModelVersionTag("reviews", 2, "a", "b")).rejects.toMatchObject({
        code: "not-found",
      });
    });

    test("what MLflow asks for to leave out prompts leaves out nothing else", async () => {
      await given.store.createRegisteredModel("reviews");
      await given.store.createRegisteredModel("greeting", { tags: { "mlflow.prompt.is_prompt": "true" } });
      const models = async (filter: string) =>
        (await given.store.searchRegisteredModels({ filter })).items.map(({ name }) => name);
      expect(await models("tags.`mlflow.prompt.is_prompt` != 'true'")).toEqual(["reviews"]);
      expect(await models("tags.`mlflow.prompt.is_prompt` = 'false'")).toEqual(["reviews"]);
      expect(await models("tags.`mlflow.prompt.is_prompt` = 'true'")).toEqual(["greeting"]);
      expect(await models("tags.other != 'true'")).toEqual([]);
    });

    test("models and versions are searched with the same grammar", async () => {
      const { runId } = await given.newRun("r");
      for (const name of ["reviews", "cards", "tweets"]) {
        given.time++;
        await given.store.createRegisteredModel(name, {
          tags: { kind: name === "cards" ? "image" : "text" },
        });
        await given.store.createModelVersion({
          name,
          source: `s3://of-${name}`,
          ...(name === "cards" && { runId }),
        });
      }
      await given.store.createModelVersion({ name: "reviews", source: "s3://second" });
      const models = async (query: Parameters<Store["searchRegisteredModels"]>[0]) =>
        (await given.store.searchRegisteredModels(query)).items.map(({ name }) => name);
      expect(await models({})).toEqual(["cards", "reviews", "tweets"]);
      expect(
        await models({ filter: "tags.kind = 'text' and name LIKE '%s'", orderBy: ["name DESC"] }),
      ).toEqual(["tweets", "reviews"]);
      const versions = async (query: Parameters<Store["searchModelVersions"]>[0]) =>
        (await given.store.searchModelVersions(query)).items.map(({ name, version }) => `${name} ${version}`);
      expect(await versions({ filter: "name = 'reviews'", orderBy: ["version_number ASC"] })).toEqual([
        "reviews 1",
        "reviews 2",
      ]);
      expect(await versions({ filter: `run_id = '${runId}'` })).toEqual(["cards 1"]);
      expect(await versions({ filter: "version_number > 1" })).toEqual(["reviews 2"]);
      const first = await given.store.searchModelVersions({ maxResults: 3, orderBy: ["name"] });
      expect(await versions({ maxResults: 3, orderBy: ["name"], pageToken: first.nextPageToken! })).toEqual([
        "tweets 1",
      ]);
    });
  });
}
