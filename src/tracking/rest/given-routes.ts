// What each test of the routes begins with: an empty store behind an application that is asked in the protocol's words.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Hono } from "hono";
import { afterEach, beforeEach, expect } from "vitest";
import { openStore } from "../open-store.ts";
import type { Store } from "../store.ts";
import { type TrackingRoutesOptions, trackingRoutes } from "./tracking-routes.ts";

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });

/** A refusal whose message holds `message`. */
export const refused = (status: number, code: string, message: string): Reply => ({
  status,
  body: { error_code: code, message: expect.stringContaining(message) },
});

/** Makes a new store before each test, its clock standing at 1000. */
export function givenRoutes(options: TrackingRoutesOptions = {}) {
  let folder: string;
  let store: Store;
  let app: Hono;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "havn-rest-"));
    store = await openStore({ home: folder, now: () => 1000 });
    app = new Hono().route("/", trackingRoutes(store, { maxBodyBytes: 100_000, ...options }));
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  async function call(
    method: string,
    route: string,
    body?: unknown,
    type = "application/json",
  ): Promise<Reply> {
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const headers = { "content-type": type };
    const response = await app.request(`/api/2.0/mlflow/${route}`, { method, ...sent, headers });
    return { status: response.status, body: await response.json() };
  }

  return {
    /** The home folder of the store. */
    get folder() {
      return folder;
    },
    get store() {
      return store;
    },
    get app() {
      return app;
    },
    call,
    post: (route: string, body: unknown) => call("POST", route, body),
    get: (route: string, query: Record<string, string> | [string, string][] = {}) =>
      call("GET", `${route}?${new URLSearchParams(query)}`),
    newRun: async () => (await store.createRun({ experimentId: "0", name: "r" })).runId,
  };
}
