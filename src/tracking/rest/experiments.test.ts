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
});
