import { describe, expect, test } from "vitest";
import { givenRoutes, ok, refused } from "./given-routes.ts";

const given = givenRoutes();

describe("runs", () => {
  test("a run from its creation to its end", async () => {
    const created = await given.post("runs/create", {
      experiment_id: "0",
      run_name: "first",
      user_id: "ada",
      start_time: "123",
      tags: [{ key: "note", value: "x" }],
    });
    const info = {
      run_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      run_uuid: expect.any(String),
      run_name: "first",
      experiment_id: "0",
      user_id: "ada",
      status: "RUNNING",
      start_time: 123,
      artifact_uri: expect.stringMatching(/^mlflow-artifacts:\/[0-9a-f]{32}$/),
      lifecycle_stage: "active",
    };
    const tags = [
      { key: "mlflow.runName", value: "first" },
      { key: "mlflow.user", value: "ada" },
      { key: "note", value: "x" },
    ];
    expect(created).toEqual(
      ok({
        run: {
          info,
          data: { metrics: [], params: [], tags },
          inputs: { dataset_inputs: [], model_inputs: [] },
          outputs: { model_outputs: [] },
        },
      }),
    );

    const [run] = (await given.store.searchRuns({ experimentIds: ["0"] })).items;
    const run_id = run!.runId;
    expect(await given.post("runs/log-parameter", { run_id, key: "lr", value: "0.1" })).toEqual(ok({}));
    expect(await given.post("runs/set-tag", { run_uuid: run_id, key: "note", value: "y" })).toEqual(ok({}));
    expect(await given.post("runs/log-metric", { run_id, key: "loss", value: 0.5, timestamp: 1 })).toEqual(
      ok({}),
    );
    const metrics = [
      { key: "loss", value: "NaN", timestamp: 2, step: 1 },
      { key: "loss", value: "-Infinity", timestamp: "3", step: "2" },
      { key: "loss", value: "1e-3", timestamp: 4, step: 3 },
    ];
    expect(
      await given.post("runs/log-batch", {
        run_id,
        metrics,
        params: [{ key: "batch", value: "64" }],
        tags: [],
      }),
    ).toEqual(ok({}));
    await given.store.logDataset(run_id, {
      name: "reviews",
      digest: "4f",
      source: "r.csv",
      context: "training",
    });
    expect(
      await given.post("runs/update", { run_id, status: "FINISHED", end_time: 999, run_name: "renamed" }),
    ).toEqual(ok({ run_info: { ...info, run_name: "renamed", status: "FINISHED", end_time: 999 } }));
    expect(await given.get("runs/get", { run_id })).toMatchObject(
      ok({
        run: {
          info: { status: "FINISHED" },
          data: {
            metrics: [{ key: "loss", value: 0.001, timestamp: 4, step: 3 }],
            params: [
              { key: "batch", value: "64" },
              { key: "lr", value: "0.1" },
            ],
          },
          inputs: {
            dataset_inputs: [
              {
                tags: [{ key: "mlflow.data.context", value: "training" }],
                dataset: { name: "reviews", digest: "4f", source_type: "local", source: "r.csv" },
              },
            ],
          },
        },
      }),
    );
    expect(await given.get("metrics/get-history", { run_id, metric_key: "loss" })).toEqual(
      ok({
        metrics: [
          { key: "loss", value: 0.5, timestamp: 1, step: 0 },
          { key: "loss", value: "NaN", timestamp: 2, step: 1 },
          { key: "loss", value: "-Infinity", timestamp: 3, step: 2 },
          { key: "loss", value: 0.001, timestamp: 4, step: 3 },
        ],
      }),
    );
  });

  test("a search filters and pages", async () => {
    const runId = await given.newRun();
    await given.newRun();
    await given.store.logBatch(runId, { metrics: [{ key: "acc", value: 0.9, timestamp: 1, step: 1 }] });
    const found = await given.post("runs/search", {
      experiment_ids: ["0"],
      filter: "metrics.acc > 0.5",
      max_results: 10,
    });
    expect(found).toMatchObject(ok({ runs: [{ info: { run_id: runId } }] }));
    expect(found.body).not.toHaveProperty("next_page_token");
    expect(
      await given.post("runs/search", { experiment_ids: ["0"], max_results: 1, run_view_type: "ALL" }),
    ).toMatchObject(ok({ next_page_token: expect.any(String) }));
    expect(await given.post("runs/search", {})).toEqual(ok({ runs: [] }));
    expect(await given.post("runs/search", { experiment_ids: ["0"], filter: "metrics.acc >" })).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "filter: expected a number"),
    );
  });

  test.each<[string, unknown, string]>([
    ["runs/create", {}, "Missing value for required parameter 'experiment_id'."],
    [
      "runs/create",
      { experiment_id: 0 },
      "Invalid value 0 for parameter 'experiment_id' supplied: must be text",
    ],
    [
      "runs/create",
      { experiment_id: "0", start_time: "soon" },
      `Invalid value "soon" for parameter 'start_time'`,
    ],
    [
      "runs/log-metric",
      { key: "k", value: 1, timestamp: 1 },
      "Missing value for required parameter 'run_id'.",
    ],
    [
      "runs/log-metric",
      { run_id: "RUN", key: "k", value: "high", timestamp: 1 },
      `Invalid value "high" for parameter 'value'`,
    ],
    [
      "runs/log-metric",
      { run_id: "RUN", key: "k", value: 1, timestamp: 2 ** 60 },
      "must be a whole number below 2^53",
    ],
    [
      "runs/log-batch",
      { run_id: "RUN", metrics: [{ key: "k", value: 1 }] },
      "Missing value for required parameter 'metrics[0].timestamp'.",
    ],
    ["runs/log-batch", { run_id: "RUN", metrics: "all" }, "for parameter 'metrics[0]'"],
    [
      "runs/log-batch",
      { run_id: "RUN", tags: Array(101).fill({ key: "a", value: "b" }) },
      "must hold at most 100 elements",
    ],
    [
      "runs/update",
      { run_id: "RUN", status: "DONE" },
      "must be RUNNING, SCHEDULED, FINISHED, FAILED or KILLED",
    ],
    [
      "runs/log-parameter",
      { run_id: "RUN", key: "", value: "x" },
      "for parameter 'key' supplied: must not be empty",
    ],
    ["runs/log-metric", { run_id: "RUN", key: "a#b", value: 1, timestamp: 1 }, "nothing but letters"],
    ["runs/log-parameter", { run_id: "RUN", key: "../x", value: "1" }, "a path to another name"],
    ["runs/set-tag", { run_id: "RUN", key: "a//b", value: "1" }, "a path to another name"],
    ["runs/log-batch", { run_id: "RUN", params: [{ key: "/x", value: "1" }] }, "'params[0].key'"],
    ["runs/create", { experiment_id: "first" }, "must be a whole number"],
    ["runs/search", { experiment_ids: ["first"] }, "must be a whole number"],
    ["runs/search", [], "the request must be a JSON object"],
    ["runs/search", null, "the request must be a JSON object"],
  ])("POST %s %j is refused", async (route, body, message) => {
    const runId = await given.newRun();
    const sent = JSON.stringify(body).replaceAll('"RUN"', `"${runId}"`);
    expect(await given.call("POST", route, sent)).toEqual(refused(400, "INVALID_PARAMETER_VALUE", message));
    expect(await given.store.getRun(runId)).toMatchObject({ metrics: {}, params: {}, status: "RUNNING" });
  });

  test("a search that names each of many experiments is answered", async () => {
    const run_id = await given.newRun();
    const experiment_ids = Array.from({ length: 5000 }, (_, i) => String(i));
    expect(await given.post("runs/search", { experiment_ids })).toMatchObject(
      ok({ runs: [{ info: { run_id } }] }),
    );
  });

  test("a page of thousands of runs is sent part by part, and is the same", async () => {
    const starts = Array.from({ length: 2001 }, (_, i) => i + 1);
    await Promise.all(starts.map((startTime) => given.store.createRun({ experimentId: "0", startTime })));
    const { body } = await given.post("runs/search", { experiment_ids: ["0"], max_results: 2001 });
    const { runs } = body as { runs: { info: { start_time: number } }[] };
    expect(runs.map(({ info }) => info.start_time)).toEqual(starts.toReversed());
  });

  test("an unknown run is not found, whatever is asked", async () => {
    const run_id = "0".repeat(32);
    const gone = refused(404, "RESOURCE_DOES_NOT_EXIST", `there is no run with the id "${run_id}"`);
    expect(await given.get("runs/get", { run_id })).toEqual(gone);
    expect(await given.post("runs/log-metric", { run_id, key: "k", value: 1, timestamp: 1 })).toEqual(gone);
    expect(await given.get("metrics/get-history", { run_id, metric_key: "k" })).toEqual(gone);
    expect(await given.get("artifacts/list", { run_id })).toEqual(gone);
    expect(await given.get("artifacts/list", { run_id: "../.." })).toMatchObject({ status: 404 });
  });

  test("are deleted and restored, and lose tags", async () => {
    const run_id = await given.newRun();
    expect(await given.post("runs/set-tag", { run_id, key: "a", value: "b" })).toEqual(ok({}));
    expect(await given.post("runs/delete-tag", { run_id, key: "a" })).toEqual(ok({}));
    expect(await given.post("runs/delete-tag", { run_id, key: "a" })).toMatchObject({ status: 404 });
    expect(await given.post("runs/delete", { run_id })).toEqual(ok({}));
    expect(await given.post("runs/set-tag", { run_id, key: "a", value: "b" })).toMatchObject({ status: 400 });
    expect(await given.post("runs/restore", { run_id })).toEqual(ok({}));
  });

  test("what is too long is cut, as the original does, and not within a character", async () => {
    const run_id = await given.newRun();
    await given.post("runs/log-parameter", { run_id, key: "p", value: `${"x".repeat(5999)}🚢` });
    await given.post("runs/log-batch", { run_id, tags: [{ key: "t", value: "y".repeat(9000) }] });
    const { params, tags } = await given.store.getRun(run_id);
    expect([params.p, tags.t]).toEqual(["x".repeat(5999), "y".repeat(8000)]);
    const twice = [
      { key: "q", value: "1" },
      { key: "q", value: "2" },
    ];
    expect(await given.post("runs/log-batch", { run_id, params: twice })).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "Duplicate parameter keys"),
    );
  });

  test("the history of a metric comes in pages, and as a sample", async () => {
    const run_id = await given.newRun();
    const metrics = Array.from({ length: 10 }, (_, step) => ({
      key: "m",
      value: step,
      timestamp: step,
      step,
    }));
    await given.post("runs/log-batch", { run_id, metrics });
    const query = { run_id, metric_key: "m", max_results: "6" };
    const first = await given.get("metrics/get-history", query);
    const { next_page_token } = first.body as { next_page_token: string };
    expect(first).toEqual(ok({ metrics: metrics.slice(0, 6), next_page_token }));
    expect(await given.get("metrics/get-history", { ...query, page_token: next_page_token })).toEqual(
      ok({ metrics: metrics.slice(6) }),
    );
    expect(await given.get("metrics/get-history", { ...query, max_results: "0" })).toMatchObject({
      status: 400,
    });
    expect(await given.get("metrics/get-history", { ...query, page_token: "x" })).toMatchObject({
      status: 400,
    });
    const sample = { run_ids: run_id, metric_key: "m", max_results: "4" };
    const steps = async (more: Record<string, string> = {}) => {
      const { body } = await given.get("metrics/get-history-bulk-interval", { ...sample, ...more });
      return (body as { metrics: { step: number; run_id: string }[] }).metrics.map(({ step }) => step);
    };
    expect(await steps()).toEqual([0, 3, 6, 9]);
    expect(await steps({ start_step: "2", end_step: "4" })).toEqual([2, 3, 4]);
    expect(await steps({ max_results: "1" })).toEqual([9]);
    for (const wrong of [{ start_step: "1" }, { max_results: "2501" }, { start_step: "2", end_step: "1" }])
      expect(
        await given.get("metrics/get-history-bulk-interval", { ...sample, ...wrong } as Record<
          string,
          string
        >),
      ).toMatchObject({ status: 400 });
  });

  test("models of clients of version 2 are kept in a tag", async () => {
    const run_id = await given.newRun();
    const model = { artifact_path: "model", flavors: {}, utc_time_created: "x", run_id };
    expect(await given.post("runs/log-model", { run_id, model_json: JSON.stringify(model) })).toEqual(ok({}));
    expect(await given.post("runs/log-model", { run_id, model_json: JSON.stringify(model) })).toEqual(ok({}));
    const { tags } = await given.store.getRun(run_id);
    expect(JSON.parse(tags["mlflow.log-model.history"]!)).toEqual([model, model]);
    for (const model_json of ["{", "{}", "[]", "x".repeat(8001)])
      expect(await given.post("runs/log-model", { run_id, model_json })).toMatchObject({ status: 400 });
  });
});
