import { describe, expect, test } from "vitest";
import { givenRoutes } from "./given-routes.ts";

const given = givenRoutes();
const v3 = "/api/3.0/mlflow/traces";

async function call(method: string, path: string, body?: unknown) {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await given.app.request(path, init);
  return { status: response.status, body: await response.json() };
}

const info = (trace_id: string, values: object = {}) => ({
  trace_id,
  trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } },
  request_time: "2026-01-02T03:04:05.678Z",
  execution_duration: "1.234s",
  state: "OK",
  trace_metadata: { "mlflow.sourceRun": "r" },
  tags: { "mlflow.traceName": "add" },
  ...values,
});

describe("traces", () => {
  test("are started, read, tagged, found and deleted", async () => {
    const sent = info("tr-1", { request_preview: "in", response_preview: "out", client_request_id: "c" });
    const kept = {
      ...sent,
      tags: { ...sent.tags, "mlflow.artifactLocation": "mlflow-artifacts:/traces/tr-1" },
    };
    const trace = { trace: { trace_info: kept } };
    expect(await call("POST", v3, { trace: { trace_info: sent } })).toEqual({ status: 200, body: trace });
    expect(await call("GET", `${v3}/tr-1`)).toEqual({ status: 200, body: trace });
    expect(await call("PATCH", `${v3}/tr-1/tags`, { key: "k", value: "v" })).toEqual({
      status: 200,
      body: {},
    });
    expect(await call("DELETE", "/api/2.0/mlflow/traces/tr-1/tags", { key: "k" })).toEqual({
      status: 200,
      body: {},
    });
    await call("POST", v3, { trace: { trace_info: info("tr-2", { state: "ERROR" }) } });
    const locations = [{ mlflow_experiment: { experiment_id: "0" } }];
    const search = { locations, filter: "attributes.status = 'OK'", max_results: 10 };
    expect(await call("POST", `${v3}/search`, search)).toEqual({ status: 200, body: { traces: [kept] } });
    expect(await call("POST", `${v3}/batchGetInfos`, { trace_ids: ["tr-1", "tr-none"] })).toEqual({
      status: 200,
      body: { trace_infos: [kept] },
    });
    await given.store.files.put("traces/tr-1/traces.json", new Uint8Array(2));
    const gone = { experiment_id: "0", request_ids: ["tr-1", "tr-none"] };
    expect(await call("POST", `${v3}/delete-traces`, gone)).toEqual({
      status: 200,
      body: { traces_deleted: 1 },
    });
    expect(await given.store.files.list()).toEqual([]);
    const until = { experiment_id: "0", max_timestamp_millis: Date.parse("2026-02-01"), max_traces: 5 };
    expect(await call("POST", "/api/2.0/mlflow/traces/delete-traces", until)).toMatchObject({
      body: { traces_deleted: 1 },
    });
  });

  test.each([
    [info("tr-1", { request_time: "soon" }), 400],
    [info("tr-1", { execution_duration: "1.5" }), 400],
    [info("tr-1", { trace_location: { mlflow_experiment: { experiment_id: "9" } } }), 404],
    [info(""), 400],
  ])("%j is refused", async (trace_info, status) => {
    expect(await call("POST", v3, { trace: { trace_info } })).toMatchObject({ status });
  });

  test("what is not there is said", async () => {
    expect(await call("GET", `${v3}/tr-none`)).toMatchObject({
      status: 404,
      body: { error_code: "RESOURCE_DOES_NOT_EXIST" },
    });
    expect(await call("POST", `${v3}/delete-traces`, { experiment_id: "0" })).toMatchObject({ status: 400 });
    expect(await call("GET", `${v3}/nothing/like/this`)).toMatchObject({
      body: { error_code: "ENDPOINT_NOT_FOUND" },
    });
  });
});
