import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../open-store.ts";
import type { Store } from "../store.ts";
import { trackingRoutes } from "./tracking-routes.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-rest-"));
afterAll(() => rm(folder, { recursive: true }));

let homes = 0;
let store: Store;
let app: Hono;
beforeEach(async () => {
  store = await openStore({ home: path.join(folder, String(homes++)), now: () => 1000 });
  app = new Hono().route("/", trackingRoutes(store, { maxBodyBytes: 100_000 }));
});
afterEach(() => store.close());

interface Reply {
  status: number;
  body: unknown;
}

async function call(
  method: string,
  route: string,
  body?: unknown,
  type = "application/json",
): Promise<Reply> {
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await app.request(`/api/2.0/mlflow/${route}`, {
    method,
    ...sent,
    headers: { "content-type": type },
  });
  return { status: response.status, body: await response.json() };
}
const post = (route: string, body: unknown) => call("POST", route, body);
const get = (route: string, query: Record<string, string> | [string, string][] = {}) =>
  call("GET", `${route}?${new URLSearchParams(query)}`);
const ok = (body: unknown): Reply => ({ status: 200, body });
const refused = (status: number, code: string, message: string) => ({
  status,
  body: { error_code: code, message: expect.stringContaining(message) },
});
const newRun = async () => (await store.createRun({ experimentId: "0", name: "r" })).runId;

describe("experiments", () => {
  test("create, get, get by name, search", async () => {
    expect(await post("experiments/create", { name: "reviews", tags: [{ key: "a", value: "b" }] })).toEqual(
      ok({ experiment_id: "1" }),
    );
    const experiment = {
      experiment_id: "1",
      name: "reviews",
      artifact_location: "mlflow-artifacts:/",
      lifecycle_stage: "active",
      creation_time: 1000,
      last_update_time: 1000,
      tags: [{ key: "a", value: "b" }],
    };
    expect(await get("experiments/get", { experiment_id: "1" })).toEqual(ok({ experiment }));
    expect(await get("experiments/get-by-name", { experiment_name: "reviews" })).toEqual(ok({ experiment }));
    const page = ok({ experiments: [experiment], next_page_token: expect.any(String) });
    expect(await post("experiments/search", { max_results: 1, order_by: ["name DESC"] })).toEqual(page);
    expect(await get("experiments/search", { max_results: "1", order_by: "name DESC" })).toEqual(page);
    const ordered = [
      ["max_results", "1"],
      ["order_by", "name DESC"],
      ["order_by", "experiment_id"],
      ["view_type", "ALL"],
    ] as [string, string][];
    expect(await get("experiments/search", ordered)).toEqual(page);
  });

  test("refusals have the original's codes", async () => {
    expect(await get("experiments/get", { experiment_id: "7" })).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", 'there is no experiment with the id "7"'),
    );
    expect(await get("experiments/get-by-name", { experiment_name: "x" })).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", '"x"'),
    );
    expect(await post("experiments/create", { name: "Default" })).toEqual(
      refused(400, "RESOURCE_ALREADY_EXISTS", 'experiment "Default" exists already, with the id 0'),
    );
    expect(await post("experiments/search", { view_type: "SOME" })).toEqual(
      refused(
        400,
        "INVALID_PARAMETER_VALUE",
        `Invalid value "SOME" for parameter 'view_type' supplied: must be ACTIVE_ONLY`,
      ),
    );
  });
});

describe("runs", () => {
  test("a run from its creation to its end", async () => {
    const created = await post("runs/create", {
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
      ok({ run: { info, data: { metrics: [], params: [], tags }, inputs: { dataset_inputs: [] } } }),
    );

    const [run] = (await store.searchRuns({ experimentIds: ["0"] })).items;
    const run_id = run!.runId;
    expect(await post("runs/log-parameter", { run_id, key: "lr", value: "0.1" })).toEqual(ok({}));
    expect(await post("runs/set-tag", { run_uuid: run_id, key: "note", value: "y" })).toEqual(ok({}));
    expect(await post("runs/log-metric", { run_id, key: "loss", value: 0.5, timestamp: 1 })).toEqual(ok({}));
    const metrics = [
      { key: "loss", value: "NaN", timestamp: 2, step: 1 },
      { key: "loss", value: "-Infinity", timestamp: "3", step: "2" },
      { key: "loss", value: "1e-3", timestamp: 4, step: 3 },
    ];
    expect(
      await post("runs/log-batch", { run_id, metrics, params: [{ key: "batch", value: "64" }], tags: [] }),
    ).toEqual(ok({}));
    await store.logDataset(run_id, { name: "reviews", digest: "4f", source: "r.csv", context: "training" });
    expect(
      await post("runs/update", { run_id, status: "FINISHED", end_time: 999, run_name: "renamed" }),
    ).toEqual(ok({ run_info: { ...info, run_name: "renamed", status: "FINISHED", end_time: 999 } }));
    expect(await get("runs/get", { run_id })).toMatchObject(
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
    expect(await get("metrics/get-history", { run_id, metric_key: "loss" })).toEqual(
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
    const runId = await newRun();
    await newRun();
    await store.logBatch(runId, { metrics: [{ key: "acc", value: 0.9, timestamp: 1, step: 1 }] });
    const found = await post("runs/search", {
      experiment_ids: ["0"],
      filter: "metrics.acc > 0.5",
      max_results: 10,
    });
    expect(found).toMatchObject(ok({ runs: [{ info: { run_id: runId } }] }));
    expect(found.body).not.toHaveProperty("next_page_token");
    expect(
      await post("runs/search", { experiment_ids: ["0"], max_results: 1, run_view_type: "ALL" }),
    ).toMatchObject(ok({ next_page_token: expect.any(String) }));
    expect(await post("runs/search", {})).toEqual(ok({ runs: [] }));
    expect(await post("runs/search", { experiment_ids: ["0"], filter: "metrics.acc >" })).toEqual(
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
    ["runs/search", [], "the request must be a JSON object"],
    ["runs/search", null, "the request must be a JSON object"],
  ])("POST %s %j is refused", async (route, body, message) => {
    const runId = await newRun();
    const sent = JSON.stringify(body).replaceAll('"RUN"', `"${runId}"`);
    expect(await call("POST", route, sent)).toEqual(refused(400, "INVALID_PARAMETER_VALUE", message));
    expect(await store.getRun(runId)).toMatchObject({ metrics: {}, params: {}, status: "RUNNING" });
  });

  test("an unknown run is not found, whatever is asked", async () => {
    const run_id = "0".repeat(32);
    const gone = refused(404, "RESOURCE_DOES_NOT_EXIST", `there is no run with the id "${run_id}"`);
    expect(await get("runs/get", { run_id })).toEqual(gone);
    expect(await post("runs/log-metric", { run_id, key: "k", value: 1, timestamp: 1 })).toEqual(gone);
    expect(await get("metrics/get-history", { run_id, metric_key: "k" })).toEqual(gone);
    expect(await get("artifacts/list", { run_id })).toEqual(gone);
    expect(await get("artifacts/list", { run_id: "../.." })).toMatchObject({ status: 404 });
  });
});

describe("artifacts", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const download = (query: Record<string, string>) =>
    app.request(`/get-artifact?${new URLSearchParams(query)}`);

  test("are listed one level at a time", async () => {
    const run_id = await newRun();
    for (const name of ["model/config.json", "model/onnx/model.onnx", "wrong.csv"])
      await store.artifacts(run_id).put(name, bytes(name));
    const root_uri = `mlflow-artifacts:/${run_id}`;
    const top = [
      { path: "model", is_dir: true },
      { path: "wrong.csv", is_dir: false, file_size: 9 },
    ];
    const inside = [
      { path: "model/config.json", is_dir: false, file_size: 17 },
      { path: "model/onnx", is_dir: true },
    ];
    expect(await get("artifacts/list", { run_id })).toEqual(ok({ root_uri, files: top }));
    expect(await get("artifacts/list", { run_id, path: "model" })).toEqual(ok({ root_uri, files: inside }));
    expect(await get("artifacts/list", { run_id, path: "model/" })).toEqual(ok({ root_uri, files: inside }));
    expect(await get("artifacts/list", { run_id, path: "nowhere" })).toEqual(ok({ root_uri, files: [] }));
    expect(await get("artifacts/list", { run_id, path: "../" })).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", '".."'),
    );
  });

  test("are saved by a browser, never shown", async () => {
    const run_uuid = await newRun();
    await store.artifacts(run_uuid).put("pages/sætning (1).html", bytes("<script>alert(1)</script>"));
    const response = await download({ run_uuid, path: "pages/sætning (1).html" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("<script>alert(1)</script>");
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/octet-stream",
      "content-length": "25",
      "content-disposition": "attachment; filename*=UTF-8''s%C3%A6tning%20%281%29.html",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
    });
  });

  test.each(["../../havn.db", "..%2f..%2fhavn.db", "/etc/passwd", "model/../../x", "a\\b", "a\0b"])(
    "the path %j leads nowhere",
    async (path) => {
      const run_uuid = await newRun();
      const response = await download({ run_uuid, path });
      expect([400, 404]).toContain(response.status);
      expect(await response.json()).toMatchObject({
        error_code: expect.stringMatching(/^(INVALID_PARAMETER_VALUE|RESOURCE_DOES_NOT_EXIST)$/),
      });
    },
  );

  test("what is missing is named", async () => {
    const run_uuid = await newRun();
    const response = await download({ run_uuid, path: "model.onnx" });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error_code: "RESOURCE_DOES_NOT_EXIST",
      message: `run ${run_uuid} has no artifact "model.onnx"`,
    });
    expect((await download({ path: "x" })).status).toBe(400);
  });
});

describe("registry", () => {
  beforeEach(async () => {
    await store.createRegisteredModel("reviews", { description: "of films" });
    await store.createModelVersion({ name: "reviews", source: "runs:/r/model", tags: { acc: "0.8" } });
    await store.createModelVersion({ name: "reviews", source: "runs:/s/model", runId: "s" });
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
    expect(await get("registered-models/get", { name: "reviews" })).toEqual(ok({ registered_model: model }));
    expect(await get("registered-models/search", { filter: "name LIKE 'rev%'" })).toEqual(
      ok({ registered_models: [model] }),
    );
    expect(await post("registered-models/create", { name: "cards", tags: [{ key: "a" }] })).toMatchObject(
      ok({ registered_model: { name: "cards", latest_versions: [], tags: [{ key: "a", value: "" }] } }),
    );
    expect(await post("registered-models/create", { name: "cards" })).toEqual(
      refused(400, "RESOURCE_ALREADY_EXISTS", '"cards"'),
    );
    expect(await get("registered-models/get", { name: "none" })).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", '"none"'),
    );
  });

  test("versions", async () => {
    expect(await get("model-versions/get", { name: "reviews", version: "1" })).toEqual(
      ok({ model_version: version("1") }),
    );
    expect(
      await get("model-versions/search", { filter: "name = 'reviews'", order_by: "version_number" }),
    ).toEqual(ok({ model_versions: [version("1"), version("2")] }));
    expect(await get("model-versions/get", { name: "reviews", version: "9" })).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", 'registered model "reviews" has no version 9'),
    );
    expect(await get("model-versions/get", { name: "reviews", version: "newest" })).toMatchObject({
      status: 400,
    });
  });

  test("an alias is set, moved, read and removed", async () => {
    expect(await post(alias, { name: "reviews", alias: "inference", version: "1" })).toEqual(ok({}));
    expect(await post(alias, { name: "reviews", alias: "inference", version: "2" })).toEqual(ok({}));
    expect(await get(alias, { name: "reviews", alias: "inference" })).toEqual(
      ok({ model_version: version("2", { aliases: ["inference"] }) }),
    );
    expect(await get("registered-models/get", { name: "reviews" })).toMatchObject(
      ok({ registered_model: { aliases: [{ alias: "inference", version: "2" }] } }),
    );
    expect(await call("DELETE", alias, { name: "reviews", alias: "inference" })).toEqual(ok({}));
    expect(await get(alias, { name: "reviews", alias: "inference" })).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "Registered model alias inference not found."),
    );
    expect(await post(alias, { name: "reviews", alias: "latest", version: "2" })).toMatchObject({
      status: 400,
    });
  });
});

describe("the border", () => {
  test("a body that is no JSON, or too large, is refused", async () => {
    expect(await call("POST", "runs/create", '{"experiment_id": ')).toEqual(
      refused(400, "BAD_REQUEST", "the request body is not JSON"),
    );
    expect(await call("POST", "runs/create", JSON.stringify({ experiment_id: "x".repeat(200_000) }))).toEqual(
      refused(413, "BAD_REQUEST", "the request body is larger than 100000 bytes"),
    );
    expect(await call("POST", "runs/create", "")).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "Missing value"),
    );
  });

  test("a form of another site cannot write: what it can send is no JSON", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", ""]) {
      expect(await call("POST", "experiments/create", { name: "forged" }, type)).toEqual(
        refused(415, "BAD_REQUEST", "Content-Type: application/json"),
      );
    }
    expect(await store.getExperimentByName("forged")).toBeUndefined();
  });

  test("what is not there, and what is there under another method", async () => {
    expect(await get("no/such")).toEqual(
      refused(404, "ENDPOINT_NOT_FOUND", "there is no GET /api/2.0/mlflow/no/such here"),
    );
    expect(await get("runs/create")).toEqual(refused(404, "ENDPOINT_NOT_FOUND", "there is no GET"));
  });

  test("of a failure that nobody foresaw the client learns no detail, and the operator all", async () => {
    const reported: unknown[] = [];
    const failure = new Error("disk I/O error at /home/ada/.havn");
    const broken: Store = { ...store, getExperiment: () => Promise.reject(failure) };
    const routes = trackingRoutes(broken, { report: (error) => reported.push(error) });
    const response = await routes.request("/api/2.0/mlflow/experiments/get?experiment_id=0");
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      error_code: "INTERNAL_ERROR",
      message: "the tracking server failed; its log says more",
    });
    expect(reported).toEqual([failure]);
  });

  test("names that JavaScript knows are names like others", async () => {
    const run_id = await newRun();
    const body = `{"run_id": "${run_id}", "__proto__": {"key": "polluted"}, "params": [{"key": "__proto__", "value": "x"}]}`;
    expect(await call("POST", "runs/log-batch", body)).toEqual(ok({}));
    expect(Object.entries((await store.getRun(run_id)).params)).toEqual([["__proto__", "x"]]);
    expect(Object.prototype).not.toHaveProperty("key");
  });

  test("on a real port", async () => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise((listening) => server.once("listening", listening));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const run_uuid = await newRun();
    await store.artifacts(run_uuid).put("big.bin", new Uint8Array(1_000_000).fill(7));
    const response = await fetch(`http://127.0.0.1:${port}/get-artifact?run_uuid=${run_uuid}&path=big.bin`);
    expect((await response.bytes()).every((byte) => byte === 7)).toBe(true);
    const created = await fetch(`http://127.0.0.1:${port}/api/2.0/mlflow/experiments/create`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "over the wire" }),
    });
    expect(await created.json()).toEqual({ experiment_id: "1" });
    server.close();
  });
});
