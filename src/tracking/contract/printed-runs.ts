import { expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What holds for runs whose metrics the database has written as JSON. */
export function printedRunsContract(given: Given<Store>): void {
  test("printed runs are the runs of the same search, digit by digit", async () => {
    const values = [0, 1, -1, 0.1 + 0.2, 1 / 3, 1e21, 5e-324, 1.7976931348623157e308, -2.5e-7, 123456789012];
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const keys = ["plain", 'quote " and \\', "line\nbreak", "æøå 日本 🚢", "</script>", "__proto__"];
    for (const [i, value] of [...values, ...special].entries()) {
      const { runId } = await given.newRun(`run-${i}`, {
        startTime: i,
        params: { a: "b" },
        tags: { t: keys[i % 6]! },
      });
      const metrics = keys.map((key, k) => ({
        key,
        value: k === 0 ? value : k,
        timestamp: 1e12 + i,
        step: -i,
      }));
      await given.store.logBatch(runId, { metrics });
    }
    await given.newRun("without metrics", { startTime: 99 });
    const query = { experimentIds: ["0"], orderBy: ["start_time"], maxResults: 9 };
    for (const pageToken of [undefined, (await given.store.searchRuns(query)).nextPageToken]) {
      const page = { ...query, ...(pageToken && { pageToken }) };
      const runs = await given.store.searchRuns(page);
      const { parts, nextPageToken } = await given.store.searchPrintedRuns(page);
      expect(nextPageToken).toEqual(runs.nextPageToken);
      const printed = (await Promise.all(parts.map((read) => read()))).flat();
      expect(printed.map(({ metricsJson: _, ...run }) => run)).toEqual(
        runs.items.map(({ metrics: _, ...run }) => run),
      );
      const written = (value: number) => (Number.isFinite(value) ? value : String(value));
      const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
      for (const [i, { metrics }] of runs.items.entries()) {
        const expected = Object.values(metrics).map((metric) => ({
          ...metric,
          value: written(metric.value),
        }));
        expect(JSON.parse(printed[i]!.metricsJson).sort(byKey)).toEqual(expected.sort(byKey));
      }
    }
  });
}
