import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Given } from "./given.ts";

/** What holds for the search for runs: filter, order, pages. */
export function searchContract(given: Given): void {
  describe("search for runs", () => {
    beforeEach(async () => {
      const runs: [string, number, Record<string, string>, Record<string, string>][] = [
        ["a", 0.9, { lr: "0.1", opt: "adam" }, { preset: "small" }],
        ["b", 0.7, { lr: "0.01", opt: "Adam" }, { preset: "base", "my tag": "x", "mlflow.user": "ada" }],
        ["c", Number.NaN, { lr: "0.1", opt: "sgd" }, {}],
        ["d", Number.POSITIVE_INFINITY, { lr: "1_000" }, { preset: "Small" }],
      ];
      for (const [name, accuracy, params, tags] of runs) {
        given.time++;
        const { runId } = await given.newRun(name, { params, tags });
        await given.store.logBatch(runId, {
          metrics: [{ key: "val accuracy", value: accuracy, timestamp: 1, step: 1 }],
        });
      }
      const { runId } = await given.newRun("e", { startTime: 500 });
      await given.store.updateRun(runId, { status: "FAILED", endTime: 600 });
    });

    test.each<[string, string[]]>([
      ["", ["d", "c", "b", "a", "e"]],
      ["metrics.`val accuracy` > 0.8", ["d", "a"]],
      ['metrics."val accuracy" <= 0.9', ["b", "a"]],
      ["metrics.`val accuracy` = 0.7", ["b"]],
      ["metrics.`val accuracy` = 0", []],
      ["metrics.`val accuracy` != 0.7", ["d", "c", "a"]],
      ["metric.missing != 0", []],
      ["params.lr = '0.1'", ["c", "a"]],
      ['param.lr = "0.1" AND parameters.opt != "sgd"', ["a"]],
      ["params.opt LIKE 'ad%'", ["a"]],
      ["params.opt ILIKE 'ad_m'", ["b", "a"]],
      ["params.lr LIKE '1_000'", ["d"]],
      ["params.lr LIKE '1*'", []],
      ["params.opt IS NULL", ["d", "e"]],
      ["tags.preset IS NOT NULL", ["d", "b", "a"]],
      ["tags.`my tag` = 'x'", ["b"]],
      ["tags.preset IN ('small', 'base')", ["b", "a"]],
      ["attributes.status = 'FAILED'", ["e"]],
      ["status != 'FAILED' and start_time >= 1003", ["d", "c"]],
      ["attributes.start_time < 1002", ["a", "e"]],
      ["attributes.end_time > 0", ["e"]],
      ["attributes.run_name IN ('a', 'e')", ["a", "e"]],
      ["attributes.`run name` NOT IN ('a', 'e')", ["d", "c", "b"]],
      ["run_name ILIKE 'A'", ["a"]],
      ["attributes.user_id = 'ada'", ["b"]],
      ["attributes.artifact_uri LIKE 'mlflow-artifacts:/%'", ["d", "c", "b", "a", "e"]],
      ["artifact_uri LIKE 's3:%'", []],
    ])("filter %j", async (filter, names) => {
      expect(await given.found({ filter })).toEqual(names);
    });

    test.each<[string[], string[]]>([
      [["attributes.start_time"], ["e", "a", "b", "c", "d"]],
      [["metrics.`val accuracy`"], ["b", "a", "d", "c", "e"]],
      [["metrics.`val accuracy` DESC"], ["d", "a", "b", "c", "e"]],
      [
        ["params.lr ASC", "run_name DESC"],
        ["b", "c", "a", "d", "e"],
      ],
      [
        ["tags.preset desc", "start_time"],
        ["a", "b", "d", "e", "c"],
      ],
      [
        ["end_time DESC", "attributes.run_name"],
        ["e", "a", "b", "c", "d"],
      ],
      // What is equal comes newest first, as MLflow's documentation of the call has it.
      [["status"], ["e", "d", "c", "b", "a"]],
      [["params.lr"], ["b", "c", "a", "d", "e"]],
    ])("order %j", async (orderBy, names) => {
      expect(await given.found({ orderBy })).toEqual(names);
    });

    test("pages cover everything once, whatever the order and the size", async () => {
      const term = fc.constantFrom(
        "metrics.`val accuracy`",
        "params.lr",
        "tags.preset",
        "start_time",
        "end_time",
        "run_name",
        "status",
      );
      const direction = fc.constantFrom("", " ASC", " DESC");
      const orders = fc.array(
        fc.tuple(term, direction).map(([key, way]) => key + way),
        { maxLength: 3 },
      );
      await fc.assert(
        fc.asyncProperty(orders, fc.integer({ min: 1, max: 6 }), async (orderBy, maxResults) => {
          const whole = await given.found({ orderBy });
          const names: string[] = [];
          let pageToken: string | undefined;
          do {
            const page = await given.store.searchRuns({
              experimentIds: ["0"],
              orderBy,
              maxResults,
              ...(pageToken && { pageToken }),
            });
            names.push(...page.items.map(({ name }) => name));
            pageToken = page.nextPageToken;
          } while (pageToken !== undefined);
          expect(names).toEqual(whole);
        }),
        { numRuns: 60 },
      );
    });

    test("a run that appears between two pages moves no other", async () => {
      const query = { experimentIds: ["0"], orderBy: ["run_name DESC"], maxResults: 2 };
      const first = await given.store.searchRuns(query);
      await given.newRun("z");
      const second = await given.store.searchRuns({ ...query, pageToken: first.nextPageToken! });
      expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["e", "d", "c", "b"]);
    });

    test("a page token belongs to its search", async () => {
      const { nextPageToken } = await given.store.searchRuns({ experimentIds: ["0"], maxResults: 1 });
      for (const query of [
        { filter: "status = 'FAILED'", pageToken: nextPageToken! },
        { orderBy: ["run_name"], pageToken: nextPageToken! },
        { pageToken: "no token" },
        { pageToken: Buffer.from('{"search":1}').toString("base64url") },
      ]) {
        await expect(given.found(query)).rejects.toThrow(
          "does not belong to this search; leave it out to start at the first page",
        );
      }
    });

    test.each([
      ["metrics.loss > 'high'", `[StoreError: filter: metric.loss is compared with a number, got "high"]`],
      ["metrics.loss LIKE '1%'", `[StoreError: filter: metric.loss is compared with a number, got "1%"]`],
      [
        "params.lr > '0.1'",
        `[StoreError: filter: param.lr is compared with text by = != LIKE ILIKE IN, got >]`,
      ],
      ["params.lr = 0.1", `[StoreError: filter: param.lr is compared with text in quotes, got 0.1]`],
      [
        "attributes.nonsense = 'x'",
        `[StoreError: filter: runs have no attribute "nonsense", they have run_id, run_name, run name, Run name, Run Name, status, start_time, created, Created, end_time, user_id, artifact_uri]`,
      ],
    ])("%s is refused with what would be right", async (filter, message) => {
      const error = await given.found({ filter }).catch((reason: unknown) => reason);
      expect(`[${error}]`).toBe(message);
    });

    test.each([0, -1, 1.5, 50_001])("a page of %d is refused", async (maxResults) => {
      await expect(given.found({ maxResults })).rejects.toMatchObject(
        given.refusal({
          code: "invalid",
          subject: "maxResults",
        }),
      );
    });
  });
}
