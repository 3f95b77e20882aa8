// Sweeps and the registry's history of another server, over Havn's own routes.
import { z } from "zod";
import { connect } from "./client/connection.ts";
import { openTracker, type TrackerOptions } from "./client/open-tracker.ts";
import type { RegistryEvents } from "./registry-events.ts";
import { registryEventRecord, sweepRecord, trialRecord } from "./rest/sweep-records.ts";
import type { Tracker } from "./store.ts";
import type { SweepStore } from "./sweeps.ts";

/** Runs, sweeps and the history of the registry: of one server, or of the store itself. */
export type SweepTracker = Tracker & SweepStore & RegistryHistory;

/** What of the registry's events is read from elsewhere: hooks are the affair of the server that keeps it. */
type RegistryHistory = Pick<RegistryEvents, "listRegistryEvents">;

/**
 * Runs and sweeps of a Havn server at `url`.
 * @throws {StoreError} `invalid` for what is no address of a server
 */
export function openSweepTracker(url: string, options: TrackerOptions = {}): SweepTracker {
  const connection = connect(url, options);
  const headers = { "content-type": "application/json" };
  const request: HavnRequest = async (method, path, values) => {
    const response =
      method === "GET"
        ? await connection.request(method, `${path}?${queryOf(values)}`)
        : await connection.request(method, path, { headers, body: () => JSON.stringify(values) });
    return response.json();
  };
  return { ...openTracker(url, options), ...remoteSweeps(request), ...remoteRegistryHistory(request) };
}

const queryOf = (values: Readonly<Record<string, unknown>>): URLSearchParams =>
  new URLSearchParams(
    Object.entries(values).flatMap(([key, value]): [string, string][] =>
      value === undefined ? [] : [[key, String(value)]],
    ),
  );

/**
 * Asks the server: a GET with a query or a POST with a JSON body.
 * @param path such as `/api/2.0/havn/sweeps/get`
 * @throws {StoreError} for a refusal
 */
export type HavnRequest = (
  method: "GET" | "POST",
  path: string,
  values: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

const sweep = z.object({ sweep: sweepRecord });
const kept = z.object({ kept: z.boolean() });

/** The sweeps of a server. A server of MLflow's own has none: it answers 404, which is `not-found` here. */
export function remoteSweeps(request: HavnRequest): SweepStore {
  const get = async <Reply extends z.ZodType>(path: string, query: Record<string, unknown>, reply: Reply) =>
    reply.parse(await request("GET", `/api/2.0/havn/${path}`, query));
  const post = async <Reply extends z.ZodType>(path: string, body: Record<string, unknown>, reply: Reply) =>
    reply.parse(await request("POST", `/api/2.0/havn/${path}`, body));
  return {
    createSweep: async (made) => (await post("sweeps/create", { ...made }, sweep)).sweep,
    getSweep: async (sweepId) => (await get("sweeps/get", { sweepId }, sweep)).sweep,
    listSweeps: async ({ project } = {}) => {
      const reply = z.object({ sweeps: z.array(sweepRecord) });
      return (await get("sweeps/list", { project }, reply)).sweeps;
    },
    setSweepStatus: async (sweepId, status) =>
      (await post("sweeps/set-status", { sweepId, status }, sweep)).sweep,
    listTrials: async (sweepId) => {
      const reply = z.object({ trials: z.array(trialRecord) });
      return (await get("trials/list", { sweepId }, reply)).trials;
    },
    claimTrial: async (sweepId, claim) => {
      const reply = z.object({ trial: trialRecord.optional() });
      return (await post("trials/claim", { sweepId, ...claim }, reply)).trial;
    },
    renewTrial: async (sweepId, number, renewal) =>
      (await post("trials/renew", { sweepId, number, ...renewal }, kept)).kept,
    endTrial: async (sweepId, number, agent, end) =>
      (await post("trials/end", { sweepId, number, agent, end }, kept)).kept,
    giveBackTrial: async (sweepId, number, agent) =>
      (await post("trials/give-back", { sweepId, number, agent }, kept)).kept,
  };
}

/** What happened in the registry of a server. */
export const remoteRegistryHistory = (request: HavnRequest): RegistryHistory => ({
  listRegistryEvents: async (query = {}) => {
    const reply = z.object({ events: z.array(registryEventRecord) });
    return reply.parse(await request("GET", "/api/2.0/havn/registry-events/list", { ...query })).events;
  },
});
