import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import { givenRoutes, ok, refused } from "./given-routes.ts";
import { trackingRoutes } from "./tracking-routes.ts";

const given = givenRoutes();

describe("the border", () => {
  test("a body that is no JSON, or too large, is refused", async () => {
    expect(await given.call("POST", "runs/create", '{"experiment_id": ')).toEqual(
      refused(400, "BAD_REQUEST", "the request body is not JSON"),
    );
    expect(
      await given.call("POST", "runs/create", JSON.stringify({ experiment_id: "x".repeat(200_000) })),
    ).toEqual(refused(413, "BAD_REQUEST", "the request body is larger than 100000 bytes"));
    expect(await given.call("POST", "runs/create", "")).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "Missing value"),
    );
  });

  test("what is nested without end is refused, in few words", async () => {
    const nested = `${"[".repeat(40_000)}${"]".repeat(40_000)}`;
    expect(await given.call("POST", "runs/create", `{"experiment_id": ${nested}}`)).toEqual({
      status: 400,
      body: {
        error_code: "INVALID_PARAMETER_VALUE",
        message: "Invalid value [ [Array] ] for parameter 'experiment_id' supplied: must be text",
      },
    });
  });

  test("a body in another encoding is refused: its letters would be lost", async () => {
    const response = await given.app.request("/api/2.0/mlflow/experiments/create", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: Buffer.from(`{"name": "søer"}`, "latin1"),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("UTF-8") });
  });

  test("a form of another site cannot write: what it can send is no JSON", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", ""]) {
      expect(await given.call("POST", "experiments/create", { name: "forged" }, type)).toEqual(
        refused(415, "BAD_REQUEST", "Content-Type: application/json"),
      );
    }
    expect(await given.store.getExperimentByName("forged")).toBeUndefined();
  });

  test("what is not there, and what is there under another method", async () => {
    expect(await given.get("no/such")).toEqual(
      refused(404, "ENDPOINT_NOT_FOUND", "there is no GET /api/2.0/mlflow/no/such here"),
    );
    expect(await given.get("runs/create")).toEqual(refused(404, "ENDPOINT_NOT_FOUND", "there is no GET"));
  });

  test("of a failure that nobody foresaw the client learns no detail, and the operator all", async () => {
    const reported: unknown[] = [];
    const failure = new Error(`disk I/O error at ${join(tmpdir(), ".havn")}`);
    const broken: Store = { ...given.store, getExperiment: () => Promise.reject(failure) };
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
    const run_id = await given.newRun();
    const body = `{"run_id": "${run_id}", "__proto__": {"key": "polluted"}, "params": [{"key": "__proto__", "value": "x"}]}`;
    expect(await given.call("POST", "runs/log-batch", body)).toEqual(ok({}));
    expect(Object.entries((await given.store.getRun(run_id)).params)).toEqual([["__proto__", "x"]]);
    expect(Object.prototype).not.toHaveProperty("key");
  });

  test("on a real port", async () => {
    const server = serve({ fetch: given.app.fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise((listening) => server.once("listening", listening));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const run_uuid = await given.newRun();
    await given.store.artifacts(run_uuid).put("big.bin", new Uint8Array(1_000_000).fill(7));
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
