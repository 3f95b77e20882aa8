import { beforeEach, describe, expect, test } from "vitest";
import { givenRoutes, ok, refused } from "./given-routes.ts";

const given = givenRoutes();

describe("registry", () => {
  beforeEach(async () => {
    await given.store.createRegisteredModel("reviews", { description: "of films" });
    await given.store.createModelVersion({ name: "reviews", source: "runs:/r/model", tags: { acc: "0.8" } });
    await given.store.createModelVersion({ name: "reviews", source: "runs:/s/model", runId: "s" });
  });
  const version = (number: string, values: object = {}) => ({
    name: "reviews",
    version: number,
    creation_timestamp: 1000,
    last_updated_timestamp: 1000,
    current_stage: "None",
    description: "",
    source: number === "1" ? "runs:/r/model" : "runs:/s/model",
    run_id: number === "1" ? "" : "s",
    status: "READY",
    tags: number === "1" ? [{ key: "acc", value: "0.8" }] : [],
    aliases: [],
    ...values,
  });
  const alias = "registered-models/alias";

  test("models with their newest version", async () => {
    const model = {
      name: "reviews",
      creation_timestamp: 1000,
      last_updated_timestamp: 1000,
      description: "of films",
      latest_versions: [version("2")],
      tags: [],
      aliases: [],
    };
    expect(await given.get("registered-models/get", { name: "reviews" })).toEqual(
      ok({ registered_model: model }),
    );
    expect(await given.get("registered-models/search", { filter: "name LIKE 'rev%'" })).toEqual(
      ok({ registered_models: [model] }),
    );
    expect(
      await given.post("registered-models/create", { name: "cards", tags: [{ key: "a" }] }),
    ).toMatchObject(
      ok({ registered_model: { name: "cards", latest_versions: [], tags: [{ key: "a", value: "" }] } }),
    );
    expect(await given.post("registered-models/create", { name: "cards" })).toEqual(
      refused(400, "RESOURCE_ALREADY_EXISTS", '"cards"'),
    );
    expect(await given.get("registered-models/get", { name: "none" })).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", '"none"'),
    );
  });

  test("versions", async () => {
    expect(await given.get("model-versions/get", { name: "reviews", version: "1" })).toEqual(
      ok({ model_version: version("1") }),
    );
    expect(
      await given.get("model-versions/search", { filter: "name = 'reviews'", order_by: "version_number" }),
    ).toEqual(ok({ model_versions: [version("1"), version("2")] }));
    expect(await given.get("model-versions/get", { name: "reviews", version: "9" })).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", 'registered model "reviews" has no version 9'),
    );
    expect(await given.get("model-versions/get", { name: "reviews", version: "newest" })).toMatchObject({
      status: 400,
    });
  });

  test("an alias is set, moved, read and removed", async () => {
    expect(await given.post(alias, { name: "reviews", alias: "inference", version: "1" })).toEqual(ok({}));
    expect(await given.post(alias, { name: "reviews", alias: "inference", version: "2" })).toEqual(ok({}));
    expect(await given.get(alias, { name: "reviews", alias: "inference" })).toEqual(
      ok({ model_version: version("2", { aliases: ["inference"] }) }),
    );
    expect(await given.get("registered-models/get", { name: "reviews" })).toMatchObject(
      ok({ registered_model: { aliases: [{ alias: "inference", version: "2" }] } }),
    );
    expect(await given.call("DELETE", alias, { name: "reviews", alias: "inference" })).toEqual(ok({}));
    expect(await given.get(alias, { name: "reviews", alias: "inference" })).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "Registered model alias inference not found."),
    );
    expect(await given.post(alias, { name: "reviews", alias: "latest", version: "2" })).toMatchObject({
      status: 400,
    });
  });
});
