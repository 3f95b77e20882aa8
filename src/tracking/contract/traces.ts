import { describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Trace } from "../trace.ts";
import type { Given } from "./given.ts";

/** What holds for traces. */
export function tracesContract(given: Given<Store>): void {
  const trace = (traceId: string, values: Partial<Trace> = {}): Trace => ({
    traceId,
    experimentId: "0",
    requestTime: 10,
    state: "OK",
    metadata: {},
    tags: {},
    ...values,
  });
  const found = async (query: { filter?: string; orderBy?: string[] } = {}) =>
    (await given.store.searchTraces({ experimentIds: ["0"], ...query })).items.map(({ traceId }) => traceId);

  describe("traces", () => {
    test("are written, written again, and read", async () => {
      const first = trace("tr-1", { state: "IN_PROGRESS", tags: { a: "1" } });
      expect(await given.store.putTrace(first)).toEqual(first);
      const whole = trace("tr-1", {
        duration: 7,
        clientRequestId: "c",
        requestPreview: "in",
        responsePreview: "out",
        metadata: { "mlflow.sourceRun": "r" },
        tags: { a: "2" },
      });
      expect(await given.store.putTrace(whole)).toEqual(whole);
      await given.store.setTraceTag("tr-1", "b", "3");
      await given.store.deleteTraceTag("tr-1", "a");
      expect(await given.store.getTrace("tr-1")).toEqual({ ...whole, tags: { b: "3" } });
      await expect(given.store.deleteTraceTag("tr-1", "a")).rejects.toMatchObject({ code: "not-found" });
      await expect(given.store.getTrace("tr-2")).rejects.toMatchObject({ code: "not-found" });
      await expect(given.store.putTrace(trace("tr-3", { experimentId: "9" }))).rejects.toMatchObject({
        code: "not-found",
      });
    });

    test("are searched and deleted", async () => {
      for (const [i, state] of (["OK", "ERROR", "OK"] as const).entries()) {
        const tags = { "mlflow.traceName": `name ${i}` };
        const metadata = i === 2 ? { "mlflow.sourceRun": "r" } : {};
        await given.store.putTrace(
          trace(`tr-${i}`, { requestTime: i, duration: 9 - i, state, tags, metadata }),
        );
      }
      expect(await found()).toEqual(["tr-2", "tr-1", "tr-0"]);
      expect(await found({ filter: "trace.status = 'OK'", orderBy: ["timestamp_ms ASC"] })).toEqual([
        "tr-0",
        "tr-2",
      ]);
      expect(await found({ filter: "attributes.execution_time_ms > 7" })).toEqual(["tr-1", "tr-0"]);
      expect(await found({ filter: "name LIKE '%1'" })).toEqual(["tr-1"]);
      expect(await found({ filter: "run_id = 'r'" })).toEqual(["tr-2"]);
      expect(await found({ filter: "request_metadata.`mlflow.sourceRun` = 'r'" })).toEqual(["tr-2"]);
      expect(await given.store.deleteTraces("0", { traceIds: ["tr-1", "none"] })).toEqual(["tr-1"]);
      expect(await given.store.deleteTraces("0", { until: 5, atMost: 1 })).toEqual(["tr-0"]);
      expect(await found()).toEqual(["tr-2"]);
    });
  });
}
