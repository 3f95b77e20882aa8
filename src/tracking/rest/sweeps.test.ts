import { describe, expect, test } from "vitest";
import type { HavnRequest } from "../sweeps-client.ts";
import { remoteRegistryHistory, remoteSweeps } from "../sweeps-client.ts";
import { givenRoutes } from "./given-routes.ts";

const given = givenRoutes();

/** Asks the application as a client on another machine does. */
const request: HavnRequest = async (method, path, values) => {
  const written = JSON.parse(JSON.stringify(values));
  const response = await given.app.request(
    method === "GET" ? `${path}?${new URLSearchParams(written)}` : path,
    method === "GET"
      ? {}
      : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(written) },
  );
  const body: unknown = await response.json();
  if (!response.ok) throw Object.assign(new Error(JSON.stringify(body)), { status: response.status });
  return body;
};

const made = {
  ...{ project: "reviews", name: "default", seed: 3, overrides: ["model=small"] },
  definition: { method: "random", parameters: { lr: { min: 0, max: 1 } } },
};

describe("a client of the routes", () => {
  test("does to sweeps what the store itself does", async () => {
    const sweeps = remoteSweeps(request);
    const sweep = await sweeps.createSweep({ ...made, user: "ada" });
    const { sweepId } = sweep;
    expect(sweep).toEqual(await given.store.getSweep(sweepId));
    expect(sweep).toMatchObject({ ...made, user: "ada", status: "RUNNING" });
    expect(await sweeps.getSweep(sweepId)).toEqual(sweep);
    expect(await sweeps.listSweeps({ project: "cards" })).toEqual([]);
    expect(await sweeps.listSweeps()).toMatchObject([{ sweepId }]);

    const claim = { agent: "host/1/1", leaseMs: 1000 };
    expect(await sweeps.claimTrial(sweepId, claim)).toBeUndefined();
    const parameters = { "a.lr": 0.1, kind: ["x", null, { deep: true }] };
    const trial = await sweeps.claimTrial(sweepId, { ...claim, proposal: { number: 1, parameters } });
    expect(trial).toMatchObject({ number: 1, parameters, agent: claim.agent });
    expect(await sweeps.renewTrial(sweepId, 1, { ...claim, runId: "a".repeat(32) })).toBe(true);
    expect(await sweeps.renewTrial(sweepId, 1, { ...claim, agent: "other" })).toBe(false);
    expect(await sweeps.giveBackTrial(sweepId, 1, claim.agent)).toBe(true);
    await sweeps.claimTrial(sweepId, claim);
    expect(await sweeps.endTrial(sweepId, 1, claim.agent, { status: "FINISHED", value: 0.5 })).toBe(true);
    expect(await sweeps.listTrials(sweepId)).toEqual(await given.store.listTrials(sweepId));
    expect(await sweeps.setSweepStatus(sweepId, "STOPPED")).toMatchObject({ status: "STOPPED" });
  });

  test("reads what happened in the registry", async () => {
    const events = remoteRegistryHistory(request);
    await given.store.createRegisteredModel("reviews");
    await given.store.createModelVersion({ name: "reviews", source: "a" });
    await given.store.setAlias("reviews", "inference", 1, "ada");
    expect(await events.listRegistryEvents({ name: "reviews" })).toEqual(
      await given.store.listRegistryEvents({ name: "reviews" }),
    );
    expect(await events.listRegistryEvents({ limit: 1 })).toMatchObject([{ user: "ada" }]);
  });
});

test.each([
  ["POST", "sweeps/create", { ...made, definition: "x" }, "definition"],
  ["POST", "trials/claim", { sweepId: "x", agent: "a", leaseMs: -1 }, "leaseMs"],
  ["POST", "trials/end", { sweepId: "x", number: 1, agent: "a", end: { status: "DONE" } }, "end.status"],
  ["GET", "registry-events/list", { limit: 0 }, "limit"],
] as const)("%s %s with %j is refused", async (method, path, values, parameter) => {
  const refused = request(method, `/api/2.0/havn/${path}`, values);
  await expect(refused).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining(`'${parameter}'`),
  });
});

test("a sweep that is not there is a 404", async () => {
  const get = request("GET", "/api/2.0/havn/sweeps/get", { sweepId: "none" });
  await expect(get).rejects.toMatchObject({ status: 404 });
});

test("a version or an alias that is made over HTTP bears the name that the client gives, not the server's", async () => {
  await given.store.createRegisteredModel("reviews");
  await given.app.request("/api/2.0/mlflow/model-versions/create", {
    method: "POST",
    headers: { "content-type": "application/json", "x-havn-user": "ada" },
    body: JSON.stringify({ name: "reviews", source: "s3://elsewhere/model" }),
  });
  const set = (alias: string, headers: Record<string, string>) =>
    given.app.request("/api/2.0/mlflow/registered-models/alias", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ name: "reviews", alias, version: "1" }),
    });
  await set("by-header", { "x-havn-user": encodeURIComponent("Åse") });
  await set("by-password", { authorization: `Basic ${btoa("grace:secret")}` });
  await set("by-nobody", {});
  await set("by-noise", { "x-havn-user": "100%" });
  const events = await given.store.listRegistryEvents({ name: "reviews" });
  const users = Object.fromEntries(events.map(({ alias, user }) => [alias, user]));
  expect(events.at(-1)).toMatchObject({ kind: "version-created", user: "ada" });
  expect(users).toMatchObject({
    "by-header": "Åse",
    "by-password": "grace",
    "by-nobody": "",
    "by-noise": "100%",
  });
});
