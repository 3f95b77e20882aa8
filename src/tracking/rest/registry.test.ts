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

  test("models are described, tagged, renamed and deleted", async () => {
    const name = "reviews";
    expect(
      await given.call("PATCH", "registered-models/update", { name, description: "of books" }),
    ).toMatchObject(ok({ registered_model: { description: "of books" } }));
    expect(await given.post("registered-models/set-tag", { name, key: "a", value: "b" })).toEqual(ok({}));
    expect(await given.call("DELETE", "registered-models/delete-tag", { name, key: "a" })).toEqual(ok({}));
    expect(await given.post("registered-models/rename", { name, new_name: "books" })).toMatchObject(
      ok({
        registered_model: { name: "books", tags: [], latest_versions: [{ name: "books", version: "2" }] },
      }),
    );
    expect(await given.get("model-versions/get", { name: "books", version: "1" })).toMatchObject({
      status: 200,
    });
    expect(await given.call("DELETE", "registered-models/delete", { name: "books" })).toEqual(ok({}));
    expect(await given.get("registered-models/get", { name: "books" })).toMatchObject({ status: 404 });
  });

  test("stages, for the clients that ask for them", async () => {
    const name = "reviews";
    const move = (version: string, stage: string, archive_existing_versions = false) =>
      given.post("model-versions/transition-stage", { name, version, stage, archive_existing_versions });
    expect(await move("1", "production")).toMatchObject(
      ok({ model_version: { current_stage: "Production" } }),
    );
    expect(await move("2", "Production", true)).toMatchObject(ok({ model_version: { version: "2" } }));
    const latest = async (stages: string[]) => {
      const { body } = await given.post("registered-models/get-latest-versions", { name, stages });
      return (body as { model_versions: { version: string; current_stage: string }[] }).model_versions.map(
        ({ version, current_stage }) => `${version} ${current_stage}`,
      );
    };
    expect(await latest([])).toEqual(["2 Production", "1 Archived"]);
    expect(await latest(["archived"])).toEqual(["1 Archived"]);
    expect(await move("1", "nonsense")).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "Invalid Model Version stage"),
    );
    expect(await move("1", "None", true)).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "not an Active stage"),
    );
  });

  test("versions are described, tagged and deleted, and a number never comes again", async () => {
    const at = { name: "reviews", version: "2" };
    expect(await given.call("PATCH", "model-versions/update", { ...at, description: "x" })).toMatchObject(
      ok({ model_version: { description: "x" } }),
    );
    expect(await given.post("model-versions/set-tag", { ...at, key: "a", value: "b" })).toEqual(ok({}));
    expect(await given.call("DELETE", "model-versions/delete-tag", { ...at, key: "a" })).toEqual(ok({}));
    expect(await given.get("model-versions/get-download-uri", at)).toEqual(
      ok({ artifact_uri: "runs:/s/model" }),
    );
    await given.post(alias, { ...at, alias: "inference" });
    expect(await given.call("DELETE", "model-versions/delete", at)).toEqual(ok({}));
    expect(await given.get("model-versions/get", at)).toMatchObject({ status: 404 });
    expect(await given.get(alias, { name: "reviews", alias: "inference" })).toMatchObject({ status: 400 });
    const made = await given.post("model-versions/create", { name: "reviews", source: "s3://bucket/model" });
    expect(made).toMatchObject(ok({ model_version: { version: "3", source: "s3://bucket/model" } }));
  });

  describe("the source of a version", () => {
    const create = (body: object) => given.post("model-versions/create", { name: "reviews", ...body });
    const made = async () => {
      const run_id = await given.newRun();
      const { modelId } = await given.store.createLoggedModel({ experimentId: "0", sourceRunId: run_id });
      return { run_id, modelId };
    };

    test("is a run's, a logged model's, a copy's, or elsewhere", async () => {
      const { run_id, modelId } = await made();
      const from = (body: object, expected: object) =>
        create(body).then((reply) => expect(reply).toMatchObject(ok({ model_version: expected })));
      await from({ source: `runs:/${run_id}/model`, run_id }, { run_id });
      await from({ source: `mlflow-artifacts:/${run_id}/model`, run_id }, { run_id });
      await from({ source: `models:/${modelId}`, model_id: modelId }, { run_id, model_id: modelId });
      await from({ source: `mlflow-artifacts:/models/${modelId}`, model_id: modelId }, { model_id: modelId });
      await from({ source: "models:/reviews/5" }, { source: "models:/reviews/5", run_id, model_id: modelId });
      await given.post(alias, { name: "reviews", alias: "inference", version: "5" });
      await from({ source: "models:/reviews@inference" }, { source: "models:/reviews/5", run_id });
      const { tags } = await given.store.getLoggedModel(modelId);
      expect(JSON.parse(tags["mlflow.modelVersions"]!)).toContainEqual({ name: "reviews", version: 5 });
    });

    test("is not another's", async () => {
      const [one, other] = [await made(), await made()];
      for (const body of [
        { source: "/etc" },
        { source: "file:///etc" },
        { source: `runs:/${one.run_id}/model` },
        { source: `runs:/${one.run_id}/model`, run_id: other.run_id },
        { source: `runs:/${one.run_id}/a/../../b`, run_id: one.run_id },
        { source: `mlflow-artifacts:/${one.run_id}`, run_id: other.run_id },
        { source: `mlflow-artifacts:/${one.run_id}/%2e%2e/${other.run_id}`, run_id: one.run_id },
        { source: "mlflow-artifacts:/", run_id: one.run_id },
        { source: `models:/${one.modelId}`, model_id: other.modelId },
        { source: "models:/reviews@nobody" },
      ])
        expect(await create(body)).toMatchObject({
          status: 400,
          body: { error_code: "INVALID_PARAMETER_VALUE" },
        });
    });
  });

  test("files of a version are read by its name", async () => {
    const run_id = await given.newRun();
    await given.store.files.put(`${run_id}/model/MLmodel`, new TextEncoder().encode("flavors"));
    await given.post("model-versions/create", { name: "reviews", source: `runs:/${run_id}/model`, run_id });
    const read = (path: string) =>
      given.app.request(
        `/model-versions/get-artifact?${new URLSearchParams({ name: "reviews", version: "3", path })}`,
      );
    expect(await (await read("MLmodel")).text()).toBe("flavors");
    expect((await read("none")).status).toBe(404);
    expect((await read("../../x")).status).toBe(400);
  });
});
