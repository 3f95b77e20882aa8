import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What holds for the history of a metric, read in pages and as a sample. */
export function metricHistoryContract(given: Given<Store>): void {
  const logged = async (values: readonly number[]) => {
    const { runId } = await given.newRun("r");
    const metrics = values.map((value, i) => ({ key: "m", value, timestamp: 5, step: Math.floor(i / 3) }));
    await given.store.logBatch(runId, { metrics });
    return runId;
  };

  describe("history of a metric", () => {
    test("pages cover it once, whatever their size, NaN and infinities too", async () => {
      const value = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0));
      await fc.assert(
        fc.asyncProperty(
          fc.array(value, { maxLength: 20 }),
          fc.integer({ min: 1, max: 7 }),
          async (values, maxResults) => {
            const runId = await logged(values);
            const found = [];
            let pageToken: string | undefined;
            do {
              const page = await given.store.metricHistoryPage(runId, "m", {
                maxResults,
                ...(pageToken !== undefined && { pageToken }),
              });
              found.push(...page.items);
              pageToken = page.nextPageToken;
            } while (pageToken !== undefined);
            expect(found).toEqual(await given.store.metricHistory(runId, "m"));
          },
        ),
        { numRuns: 30 },
      );
    });

    test("a page belongs to its metric and has a size", async () => {
      const runId = await logged([1, 2, 3]);
      const { nextPageToken: pageToken } = await given.store.metricHistoryPage(runId, "m", { maxResults: 1 });
      const other = given.store.metricHistoryPage(runId, "n", { maxResults: 1, pageToken: pageToken! });
      await expect(other).rejects.toMatchObject({ code: "invalid", subject: "page token" });
      for (const maxResults of [0, 1.5, 50_001])
        await expect(given.store.metricHistoryPage(runId, "m", { maxResults })).rejects.toMatchObject({
          code: "invalid",
        });
    });

    test("a sample is evenly taken, with the first and the last", async () => {
      const runId = await logged(Array.from({ length: 100 }, (_, i) => i));
      const sample = async (maxResults: number, steps?: { first: number; last: number }) =>
        (await given.store.sampleMetric([runId], "m", { maxResults, ...(steps && { steps }) })).map(
          ({ value }) => value,
        );
      expect(await sample(1000)).toHaveLength(100);
      expect(await sample(1)).toEqual([99]);
      expect(await sample(2)).toEqual([0, 99]);
      expect(await sample(4)).toEqual([0, 33, 66, 99]);
      expect(await sample(10)).toHaveLength(10);
      expect(await sample(2, { first: 1, last: 2 })).toEqual([3, 8]);
      expect(await sample(5, { first: 90, last: 99 })).toEqual([]);
      await expect(given.store.sampleMetric([runId, "none"], "m", { maxResults: 1 })).rejects.toMatchObject({
        code: "not-found",
      });
    });
  });
}
