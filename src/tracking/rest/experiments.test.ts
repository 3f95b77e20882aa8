import { describe, expect, test } from "vitest";
import { givenRoutes, ok, refused } from "./given-routes.ts";

const given = givenRoutes();

describe("experiments", () => {
  test("create, get, get by name, search", async () => {
    expect(
      await given.post("experiments/create", { name: "reviews", tags: [{ key: "a", value: "b" }] }),
    ).toEqual(ok({ experiment_id: "1" }));
    const experiment = {
      experiment_id: "1",
      name: "reviews",
      artifact_location: "mlflow-artifacts:/",
      lifecycle_stage: "active",
      creation_time: 1000,
      last_update_time: 1000,
      tags: [{ key: "a", value: "b" }],
    };
    expect(await given.get("experiments/get", { experiment_id: "1" })).toEqual(ok({ experiment }));
    expect(await given.get("experiments/get", { experiment_id: "first" })).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "must be a whole number"),
    );
    expect(await given.get("experiments/get-by-name", { experiment_name: "reviews" })).toEqual(
      ok({ experiment }),
    );
    const page = ok({ experiments: [experiment], next_page_token: expect.any(String) });
    expect(await given.post("experiments/search", { max_results: 1, order_by: ["name DESC"] })).toEqual(page);
    expect(await given.get("experiments/search", { max_results: "1", order_by: "name DESC" })).toEqual(page);
    const ordered = [
      ["max_results", "1"],
      ["order_by", "name DESC"],
      ["order_by", "experiment_id"],
      ["view_type", "ALL"],
    ] as [string, string][];
    expect(await given.get("experiments/search", ordered)).toEqual(page);
  });

  test("refusals have the original's codes", async () => {
    expect(await given.get("experiments/get", { experiment_id: "7" })).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", 'there is no experiment with the id "7"'),
    );
    expect(await given.get("experiments/get-by-name", { experiment_name: "x" })).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", '"x"'),
    );
    expect(await given.post("experiments/create", { name: "Default" })).toEqual(
      refused(400, "RESOURCE_ALREADY_EXISTS", 'experiment "Default" exists already, with the id 0'),
    );
    expect(await given.post("experiments/search", { view_type: "SOME" })).toEqual(
      refused(
        400,
        "INVALID_PARAMETER_VALUE",
        `Invalid value "SOME" for parameter 'view_type' supplied: must be ACTIVE_ONLY`,
      ),
    );
  });

  test("are renamed, tagged, deleted and restored", async () => {
    const location = { artifact_location: "s3://bucket/folder" };
    expect(await given.post("experiments/create", { name: "a", ...location })).toEqual(
      ok({ experiment_id: "1" }),
    );
    const experiment_id = "1";
    expect(await given.post("experiments/update", { experiment_id, new_name: "b" })).toEqual(ok({}));
    const tag = { experiment_id, key: "team", value: "x" };
    expect(await given.post("experiments/set-experiment-tag", tag)).toEqual(ok({}));
    expect(await given.get("experiments/get", { experiment_id })).toMatchObject(
      ok({ experiment: { name: "b", tags: [{ key: "team", value: "x" }], ...location } }),
    );
    expect(await given.post("experiments/delete-experiment-tag", { experiment_id, key: "team" })).toEqual(
      ok({}),
    );
    const missing = refused(404, "RESOURCE_DOES_NOT_EXIST", "");
    expect(await given.post("experiments/delete-experiment-tag", { experiment_id, key: "team" })).toEqual(
      missing,
    );
    expect(await given.post("experiments/restore", { experiment_id })).toEqual(missing);
    expect(await given.post("experiments/delete", { experiment_id })).toEqual(ok({}));
    expect(await given.post("experiments/delete", { experiment_id })).toEqual(missing);
    expect(await given.post("experiments/restore", { experiment_id })).toEqual(ok({}));
    const created = await given.post("runs/create", { experiment_id });
    expect(created).toMatchObject(
      ok({
        run: {
          info: { artifact_uri: expect.stringMatching(/^s3:\/\/bucket\/folder\/[0-9a-f]{32}\/artifacts$/) },
        },
      }),
    );
    const { run } = created.body as { run: { info: { run_id: string } } };
    expect(await given.get("artifacts/list", { run_id: run.info.run_id })).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "not on this server"),
    );
  });

  test.each(["/etc", "file", "s3://a/../b", "s3://a/%252e%252e/b", "s3://a\nb"])(
    "the location %j is refused",
    async (artifact_location) => {
      expect(await given.post("experiments/create", { name: "a", artifact_location })).toEqual(
        refused(400, "INVALID_PARAMETER_VALUE", "'artifact_location'"),
      );
    },
  );

  test("say which datasets their runs have seen", async () => {
    const run_id = await given.newRun();
    const dataset = {
      name: "reviews",
      digest: "4f",
      source_type: "http",
      source: "{}",
      schema: "{}",
      profile: "{}",
    };
    const tags = [
      { key: "mlflow.data.context", value: "training" },
      { key: "split", value: "a" },
    ];
    expect(await given.post("runs/log-inputs", { run_id, datasets: [{ dataset, tags }] })).toEqual(ok({}));
    expect(await given.get("runs/get", { run_id })).toMatchObject(
      ok({ run: { inputs: { dataset_inputs: [{ tags, dataset }] } } }),
    );
    const use = { experiment_id: "0", name: "reviews", digest: "4f", context: "training" };
    expect(await given.post("experiments/search-datasets", { experiment_ids: ["0"] })).toEqual(
      ok({ dataset_summaries: [use] }),
    );
  });
});
