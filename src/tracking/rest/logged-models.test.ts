import { describe, expect, test } from "vitest";
import { givenRoutes, ok, refused } from "./given-routes.ts";

const given = givenRoutes();

describe("logged models", () => {
  const create = async (values: object = {}) => {
    const { body } = await given.post("logged-models", { experiment_id: "0", name: "forest", ...values });
    return (body as { model: { info: { model_id: string } } }).model;
  };

  test("from their creation to their end", async () => {
    const run_id = await given.newRun();
    const model = await create({
      model_type: "tree",
      source_run_id: run_id,
      params: [{ key: "depth", value: "3" }],
      tags: [{ key: "a", value: "b" }],
    });
    const id = model.info.model_id;
    const info = {
      model_id: id,
      experiment_id: "0",
      name: "forest",
      creation_timestamp_ms: 1000,
      last_updated_timestamp_ms: 1000,
      artifact_uri: `mlflow-artifacts:/models/${id}`,
      status: "LOGGED_MODEL_PENDING",
      model_type: "tree",
      source_run_id: run_id,
      tags: [{ key: "a", value: "b" }],
    };
    expect(model).toEqual({ info, data: { params: [{ key: "depth", value: "3" }], metrics: [] } });
    const metric = { key: "acc", value: "NaN", timestamp: 1, step: 2, model_id: id, dataset_name: "test" };
    expect(await given.post("runs/log-metric", { run_id, ...metric })).toEqual(ok({}));
    expect(await given.post("runs/outputs", { run_id, models: [{ model_id: id, step: 2 }] })).toEqual(ok({}));
    expect(await given.post("runs/log-inputs", { run_id, models: [{ model_id: id }] })).toEqual(ok({}));
    expect(await given.get("runs/get", { run_id })).toMatchObject(
      ok({
        run: {
          inputs: { model_inputs: [{ model_id: id }] },
          outputs: { model_outputs: [{ model_id: id, step: 2 }] },
        },
      }),
    );
    expect(
      await given.call("PATCH", `logged-models/${id}/tags`, { tags: [{ key: "c/d", value: "e" }] }),
    ).toEqual(ok({}));
    expect(await given.call("DELETE", `logged-models/${id}/tags/a`)).toEqual(ok({}));
    expect(await given.post(`logged-models/${id}/params`, { params: [{ key: "n", value: "1" }] })).toEqual(
      ok({}),
    );
    const ready = await given.call("PATCH", `logged-models/${id}`, { model_id: id, status: 2 });
    expect(ready).toEqual(
      ok({
        model: {
          info: { ...info, status: "LOGGED_MODEL_READY", tags: [{ key: "c/d", value: "e" }] },
          data: {
            params: [
              { key: "depth", value: "3" },
              { key: "n", value: "1" },
            ],
            metrics: [{ ...metric, run_id }],
          },
        },
      }),
    );
    expect(await given.get(`logged-models/${id}`)).toEqual(ready);
    expect(await given.call("DELETE", `logged-models/${id}/tags/c%2Fd`)).toEqual(ok({}));
    expect(await given.call("DELETE", `logged-models/${id}`)).toEqual(ok({}));
    expect(await given.get(`logged-models/${id}`)).toEqual(refused(404, "RESOURCE_DOES_NOT_EXIST", id));
    expect(await given.get(`logged-models/${id}`, { allow_deleted: "true" })).toMatchObject({ status: 200 });
  });

  test("are searched in the words of the client", async () => {
    await create({ name: "a" });
    await create({ name: "b", params: [{ key: "depth", value: "3" }] });
    const search = async (query: object) => {
      const { body } = await given.post("logged-models/search", { experiment_ids: ["0"], ...query });
      const { models, next_page_token } = body as {
        models: { info: { name: string } }[];
        next_page_token?: string;
      };
      return { names: models.map(({ info }) => info.name), next_page_token };
    };
    const byName = [{ field_name: "name", ascending: false }];
    expect((await search({ order_by: byName })).names).toEqual(["b", "a"]);
    expect((await search({ filter: "params.depth = '3'" })).names).toEqual(["b"]);
    expect((await search({ datasets: [{ dataset_name: "test" }] })).names).toEqual([]);
    const first = await search({ order_by: byName, max_results: 1 });
    const rest = await search({ order_by: byName, max_results: 1, page_token: first.next_page_token });
    expect([first.names, rest.names, rest.next_page_token]).toEqual([["b"], ["a"], undefined]);
    expect(await given.post("logged-models/search", {})).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "'experiment_ids'"),
    );
  });

  test("have files of their own", async () => {
    const { model_id } = (await create()).info;
    await given.store.files.put(`models/${model_id}/deep/weights`, new Uint8Array(3));
    const root_uri = `mlflow-artifacts:/models/${model_id}`;
    const path = `logged-models/${model_id}/artifacts/directories`;
    expect(await given.get(path)).toEqual(ok({ root_uri, files: [{ path: "deep", is_dir: true }] }));
    expect(await given.get(path, { artifact_directory_path: "deep" })).toEqual(
      ok({ root_uri, files: [{ path: "deep/weights", is_dir: false, file_size: 3 }] }),
    );
    expect(await given.get(path, { artifact_directory_path: ".." })).toMatchObject({ status: 400 });
  });

  test.each([
    ["logged-models", { experiment_id: "0", name: "a/b" }, 400],
    ["logged-models", { experiment_id: "9" }, 404],
    ["logged-models", {}, 400],
    ["runs/outputs", { run_id: "RUN" }, 400],
    ["runs/outputs", { run_id: "RUN", models: [{ model_id: "m-none" }] }, 404],
    ["runs/log-metric", { run_id: "RUN", key: "a", value: 1, timestamp: 1, model_id: "m-none" }, 404],
  ])("POST %s %j is refused", async (path, body, status) => {
    const sent = JSON.stringify(body).replace("RUN", await given.newRun());
    expect(await given.call("POST", path, sent)).toMatchObject({ status });
  });
});
