/** What a sweep has found, for the pages: the store keeps trials, and only training knows what they mean. */
import { Hono } from "hono";
import { sweepResults } from "../tasks/index.ts";
import { type Store, StoreError } from "../tracking/index.ts";

/** `GET /api/2.0/havn/sweeps/results?sweepId=ID`: trials, best, importance, parallel coordinates. */
export function sweepResultsRoute(store: Store): Hono {
  const app = new Hono();
  app.get("/api/2.0/havn/sweeps/results", async (c) => {
    try {
      return c.json(await sweepResults(store, c.req.query("sweepId") ?? ""));
    } catch (error) {
      if (!(error instanceof StoreError && error.code === "not-found")) throw error;
      return c.json({ error_code: "RESOURCE_DOES_NOT_EXIST", message: error.message }, 404);
    }
  });
  return app;
}
