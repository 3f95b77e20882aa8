// What every engine of the store promises, as tests. An engine's own test file calls `describeStore`.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { printFilter } from "./search/filter.ts";
import type { RunQuery, Store } from "./store.ts";

export interface StoreUnderTest {
  /** Opens the same store again, as another process would. */
  open(): Promise<Store>;
}

/** Texts that break what builds SQL, paths or objects from them. */
const hostileTexts = [
  "'; drop table runs; --",
  '" or 1 = 1',
  "` or 1 = 1 --",
  "%_*?[a-z]",
  "\\'",
  "?1 $1 :name @name",
  "__proto__",
  "constructor",
  "æøå 日本 🚢",
  "line\nbreak",
  "../../etc/passwd",
];

/** Describes an engine; `create` makes an empty store whose clock is `now`. */
export const describeStore = (engine: string, create: (now: () => number) => Promise<StoreUnderTest>) =>
  describe(`store on ${engine}`, () => {
    let time: number;
    let under: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      time = 1_000;
      under = await create(() => time);
      store = await under.open();
    });
    afterEach(() => store.close());

    const newRun = async (name: string, values: Partial<Parameters<Store["createRun"]>[0]> = {}) =>
      store.createRun({ experimentId: "0", name, ...values });
    const found = async (query: Omit<RunQuery, "experimentIds">) =>
      (await store.searchRuns({ experimentIds: ["0"], ...query })).items.map(({ name }) => name);

    describe("experiments", () => {
      test("a new store has the experiment 0, named Default", async () => {
        expect(await store.getExperiment("0")).toMatchObject({ name: "Default", lifecycleStage: "active" });
      });

      test("an experiment is found by id and by name", async () => {
        const made = await store.createExperiment("reviews", { team: "text" });
        expect(made).toEqual({
          experimentId: "1",
          name: "reviews",
          lifecycleStage: "active",
          creationTime: 1000,
          lastUpdateTime: 1000,
          tags: { team: "text" },
        });
        expect(await store.getExperiment("1")).toEqual(made);
        expect(await store.getExperimentByName("reviews")).toEqual(made);
        expect(await store.ensureExperiment("reviews")).toEqual(made);
        expect(await store.getExperimentByName("Reviews")).toBeUndefined();
      });

      test("a name is taken once", async () => {
        await store.createExperiment("reviews");
        await expect(store.createExperiment("reviews")).rejects.toThrowErrorMatchingInlineSnapshot(
          `[StoreError: experiment "reviews" exists already, with the id 1]`,
        );
        await expect(store.renameExperiment("0", "reviews")).rejects.toMatchObject({
          code: "already-exists",
        });
        await store.renameExperiment("1", "reviews");
        await store.deleteExperiment("1");
        await expect(store.ensureExperiment("reviews")).rejects.toThrowErrorMatchingInlineSnapshot(
          `[StoreError: experiment "reviews" exists already, with the id 1; it is deleted: restore it, or take another name]`,
        );
      });

      test.each(["7", "-1", "1e0", "0x0", "", "abc", "9".repeat(30)])(
        "the id %j belongs to none",
        async (id) => {
          await expect(store.getExperiment(id)).rejects.toMatchObject({
            code: "not-found",
            subject: "experiment",
          });
          await expect(store.createRun({ experimentId: id })).rejects.toMatchObject({ code: "not-found" });
          expect((await store.searchRuns({ experimentIds: [id] })).items).toEqual([]);
        },
      );

      test("deleting hides it with its runs, restoring brings back those it took along", async () => {
        const { experimentId } = await store.createExperiment("reviews");
        const kept = await newRun("kept", { experimentId });
        const dropped = await newRun("dropped", { experimentId });
        await store.deleteRun(dropped.runId);
        time = 2000;
        await store.deleteExperiment(experimentId);
        expect((await store.searchExperiments()).items.map(({ name }) => name)).toEqual(["Default"]);
        expect((await store.searchExperiments({ view: "deleted" })).items).toHaveLength(1);
        expect((await store.searchRuns({ experimentIds: [experimentId] })).items).toEqual([]);
        await expect(newRun("late", { experimentId })).rejects.toThrow(
          "experiment 1 (reviews) is deleted; restore it first",
        );
        time = 3000;
        await store.restoreExperiment(experimentId);
        const runs = (await store.searchRuns({ experimentIds: [experimentId] })).items;
        expect(runs.map(({ runId }) => runId)).toEqual([kept.runId]);
        await expect(store.restoreExperiment(experimentId)).rejects.toThrow("is not deleted");
      });

      test("a search filters, orders and pages", async () => {
        for (const name of ["cards", "tweets", "reviews"]) {
          time++;
          await store.createExperiment(name, { kind: name === "cards" ? "image" : "text" });
        }
        const names = async (query: Parameters<Store["searchExperiments"]>[0]) =>
          (await store.searchExperiments(query)).items.map(({ name }) => name);
        expect(await names({})).toEqual(["reviews", "tweets", "cards", "Default"]);
        expect(await names({ filter: "tags.kind = 'text'", orderBy: ["name"] })).toEqual([
          "reviews",
          "tweets",
        ]);
        expect(await names({ filter: "name LIKE '%s' AND creation_time > 1001" })).toEqual([
          "reviews",
          "tweets",
        ]);
        const first = await store.searchExperiments({ maxResults: 3 });
        expect(await names({ maxResults: 3, pageToken: first.nextPageToken! })).toEqual(["Default"]);
      });
    });

    describe("runs", () => {
      test("a run begins and ends", async () => {
        const run = await store.createRun({
          experimentId: "0",
          name: "first",
          params: { lr: "0.1" },
          tags: { note: "x" },
        });
        expect(run).toEqual({
          runId: expect.stringMatching(/^[0-9a-f]{32}$/),
          experimentId: "0",
          name: "first",
          status: "RUNNING",
          lifecycleStage: "active",
          startTime: 1000,
          params: { lr: "0.1" },
          metrics: {},
          tags: { note: "x", "mlflow.runName": "first" },
          datasets: [],
        });
        time = 5000;
        expect(await store.updateRun(run.runId, { status: "FINISHED" })).toMatchObject({
          status: "FINISHED",
          endTime: 5000,
        });
        expect(await store.updateRun(run.runId, { status: "FAILED", endTime: 6000 })).toMatchObject({
          endTime: 6000,
        });
        expect(await store.updateRun(run.runId, { status: "RUNNING" })).not.toHaveProperty("endTime");
      });

      test("a name comes from the tag, from an update, or from the id", async () => {
        expect(
          await store.createRun({ experimentId: "0", tags: { "mlflow.runName": "tagged" } }),
        ).toMatchObject({ name: "tagged" });
        const { runId, name } = await store.createRun({ experimentId: "0" });
        expect(name).toBe(`run-${runId.slice(0, 8)}`);
        await store.updateRun(runId, { name: "renamed" });
        expect(await store.getRun(runId)).toMatchObject({
          name: "renamed",
          tags: { "mlflow.runName": "renamed" },
        });
        await store.logBatch(runId, { tags: { "mlflow.runName": "again" } });
        expect(await store.getRun(runId)).toMatchObject({ name: "again" });
      });

      test("params keep their first value", async () => {
        const { runId } = await newRun("r", { params: { lr: "0.1" } });
        await store.logBatch(runId, { params: { lr: "0.1", batch: "64" } });
        const change = store.logBatch(runId, { params: { epochs: "3", lr: "0.2" }, tags: { seen: "no" } });
        await expect(change).rejects.toMatchObject({
          code: "invalid",
          subject: "param lr",
          expected: '"0.1"',
          got: '"0.2"',
          message: `param lr of run ${runId} is "0.1" and cannot become "0.2": params keep their first value. Log what changes as a metric or a tag, or start another run.`,
        });
        // All or nothing: what stood beside it was not written either.
        expect(await store.getRun(runId)).toMatchObject({
          params: { lr: "0.1", batch: "64" },
          tags: { "mlflow.runName": "r" },
        });
      });

      test("tags are replaced and removed", async () => {
        const { runId } = await newRun("r", { tags: { note: "old" } });
        await store.logBatch(runId, { tags: { note: "new" } });
        expect((await store.getRun(runId)).tags).toMatchObject({ note: "new" });
        await store.deleteTag(runId, "note");
        expect((await store.getRun(runId)).tags).toEqual({ "mlflow.runName": "r" });
        await expect(store.deleteTag(runId, "note")).rejects.toMatchObject({
          code: "not-found",
          subject: "tag",
        });
      });

      test("a metric has a history, and its latest value is that of the highest step", async () => {
        const { runId } = await newRun("r");
        const at = (step: number, timestamp: number, value: number) => ({
          key: "loss",
          step,
          timestamp,
          value,
        });
        await store.logBatch(runId, { metrics: [at(2, 30, 0.2), at(1, 10, 0.9)] });
        await store.logBatch(runId, { metrics: [at(1, 40, 0.8), at(1, 10, 0.9)] });
        expect(await store.metricHistory(runId, "loss")).toEqual([
          at(1, 10, 0.9),
          at(2, 30, 0.2),
          at(1, 40, 0.8),
        ]);
        expect((await store.getRun(runId)).metrics).toEqual({ loss: at(2, 30, 0.2) });
        await store.logBatch(runId, { metrics: [at(2, 30, 0.3)] });
        expect((await store.getRun(runId)).metrics.loss?.value).toBe(0.3);
        expect(await store.metricHistory(runId, "accuracy")).toEqual([]);
      });

      test("the latest value does not depend on how the values were batched", async () => {
        const metric = fc.record({
          key: fc.constantFrom("a", "b"),
          step: fc.integer({ min: 0, max: 2 }),
          timestamp: fc.integer({ min: 0, max: 2 }),
          value: fc.constantFrom(-1, 0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
        });
        await fc.assert(
          fc.asyncProperty(fc.array(metric, { maxLength: 12 }), async (metrics) => {
            const [whole, single] = [await newRun("whole"), await newRun("single")];
            await store.logBatch(whole.runId, { metrics });
            for (const one of metrics) await store.logBatch(single.runId, { metrics: [one] });
            const latest = async (runId: string) =>
              Object.values((await store.getRun(runId)).metrics).map(({ key, step, timestamp }) => [
                key,
                step,
                timestamp,
              ]);
            expect(await latest(whole.runId)).toEqual(await latest(single.runId));
            expect(await store.metricHistory(whole.runId, "a")).toEqual(
              await store.metricHistory(single.runId, "a"),
            );
          }),
          { numRuns: 25 },
        );
      });

      test("NaN, infinities and the ends of what a double holds come back", async () => {
        const { runId } = await newRun("r");
        const values = [
          Number.NaN,
          Infinity,
          -Infinity,
          Number.MIN_VALUE,
          Number.MAX_VALUE,
          0.1 + 0.2,
          1e300,
        ];
        await store.logBatch(runId, {
          metrics: values.map((value, step) => ({ key: "v", value, step, timestamp: step })),
        });
        expect((await store.metricHistory(runId, "v")).map(({ value }) => value)).toEqual(values);
      });

      test("a batch of ten thousand metrics is one write", async () => {
        const { runId } = await newRun("r");
        const metrics = Array.from({ length: 10_000 }, (_, i) => ({
          key: `m${i % 3000}`,
          value: i,
          step: i,
          timestamp: i,
        }));
        await store.logBatch(runId, { metrics });
        const run = await store.getRun(runId);
        expect(Object.keys(run.metrics)).toHaveLength(3000);
        expect(run.metrics.m999?.value).toBe(9999);
        expect(await store.metricHistory(runId, "m0")).toHaveLength(4);
      });

      test("what a run cannot hold is refused with its name", async () => {
        const { runId } = await newRun("r");
        const metric = { key: "loss", value: 1, timestamp: 0, step: 0 };
        await expect(
          store.logBatch(runId, { metrics: [{ ...metric, step: 0.5 }] }),
        ).rejects.toThrowErrorMatchingInlineSnapshot(
          `[StoreError: step of metric loss must be a whole number below 2^53, got 0.5]`,
        );
        await expect(store.logBatch(runId, { metrics: [{ ...metric, key: " " }] })).rejects.toThrow(
          'metric needs a name, got " "',
        );
        await expect(store.logBatch(runId, { tags: { note: "a\0b" } })).rejects.toThrow(
          "tag note holds a NUL character",
        );
        await expect(store.logBatch(runId, { params: { long: "x".repeat(6001) } })).rejects.toThrow(
          "param long has 6001 characters, at most 6000 are allowed",
        );
        await expect(store.logBatch(runId, { tags: { ["k".repeat(251)]: "" } })).rejects.toMatchObject({
          code: "invalid",
        });
        expect(await store.getRun(runId)).toMatchObject({
          metrics: {},
          params: {},
          tags: { "mlflow.runName": "r" },
        });
      });

      test("a deleted run is not written to until it is restored", async () => {
        const { runId } = await newRun("r");
        await store.deleteRun(runId);
        expect(await store.getRun(runId)).toMatchObject({ lifecycleStage: "deleted" });
        expect(await found({})).toEqual([]);
        expect(await found({ view: "deleted" })).toEqual(["r"]);
        await expect(store.logBatch(runId, { tags: { a: "b" } })).rejects.toThrow(
          "is deleted; restore it before writing to it",
        );
        await store.restoreRun(runId);
        await store.logBatch(runId, { tags: { a: "b" } });
        expect(await found({ view: "all" })).toEqual(["r"]);
      });

      test("an unknown run is named by every method", async () => {
        const none = "0".repeat(32);
        const attempts = [
          store.getRun(none),
          store.updateRun(none, { status: "FAILED" }),
          store.deleteRun(none),
          store.restoreRun(none),
          store.logBatch(none, { tags: { a: "b" } }),
          store.deleteTag(none, "a"),
          store.logDataset(none, { name: "d", digest: "1", source: "s" }),
          store.metricHistory(none, "loss"),
        ];
        for (const attempt of attempts) {
          await expect(attempt).rejects.toThrow(`there is no run with the id "${none}"`);
        }
      });

      test("datasets belong to a run once, with what they were used for", async () => {
        const [a, b] = [await newRun("a"), await newRun("b")];
        const dataset = {
          name: "reviews",
          digest: "4f2a",
          source: "data/reviews.csv",
          profile: '{"rows":10}',
          context: "training",
        };
        await store.logDataset(a.runId, dataset);
        await store.logDataset(a.runId, { ...dataset, context: "test" });
        await store.logDataset(b.runId, { name: "reviews", digest: "9c01", source: "data/reviews.csv" });
        expect((await store.getRun(a.runId)).datasets).toEqual([{ ...dataset, context: "test" }]);
        expect((await store.getRun(b.runId)).datasets).toEqual([
          { name: "reviews", digest: "9c01", source: "data/reviews.csv" },
        ]);
        expect(await found({ filter: "datasets.digest = '4f2a'" })).toEqual(["a"]);
        expect(
          await found({ filter: "dataset.context IN ('test', 'x') and dataset.name LIKE 'rev%'" }),
        ).toEqual(["a"]);
      });

      test("each run has artifacts of its own", async () => {
        const [a, b] = [await newRun("a"), await newRun("b")];
        await store.artifacts(a.runId).put("model/config.json", new TextEncoder().encode("{}"));
        expect((await store.artifacts(a.runId).list()).map(({ name }) => name)).toEqual([
          "model/config.json",
        ]);
        expect(await store.artifacts(b.runId).list()).toEqual([]);
        await expect(store.artifacts(a.runId).read(`../${b.runId}/x`)).rejects.toMatchObject({
          code: "invalid-name",
        });
        expect(() => store.artifacts("../..")).toThrow('there is no run with the id "../.."');
      });
    });

    describe("search for runs", () => {
      beforeEach(async () => {
        const runs: [string, number, Record<string, string>, Record<string, string>][] = [
          ["a", 0.9, { lr: "0.1", opt: "adam" }, { preset: "small" }],
          ["b", 0.7, { lr: "0.01", opt: "Adam" }, { preset: "base", "my tag": "x" }],
          ["c", Number.NaN, { lr: "0.1", opt: "sgd" }, {}],
          ["d", Number.POSITIVE_INFINITY, { lr: "1_000" }, { preset: "Small" }],
        ];
        for (const [name, accuracy, params, tags] of runs) {
          time++;
          const { runId } = await newRun(name, { params, tags });
          await store.logBatch(runId, {
            metrics: [{ key: "val accuracy", value: accuracy, timestamp: 1, step: 1 }],
          });
        }
        const { runId } = await newRun("e", { startTime: 500 });
        await store.updateRun(runId, { status: "FAILED", endTime: 600 });
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
      ])("filter %j", async (filter, names) => {
        expect(await found({ filter })).toEqual(names);
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
      ])("order %j", async (orderBy, names) => {
        expect(await found({ orderBy })).toEqual(names);
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
            const whole = await found({ orderBy });
            const names: string[] = [];
            let pageToken: string | undefined;
            do {
              const page = await store.searchRuns({
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
        const first = await store.searchRuns(query);
        await newRun("z");
        const second = await store.searchRuns({ ...query, pageToken: first.nextPageToken! });
        expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["e", "d", "c", "b"]);
      });

      test("a page token belongs to its search", async () => {
        const { nextPageToken } = await store.searchRuns({ experimentIds: ["0"], maxResults: 1 });
        for (const query of [
          { filter: "status = 'FAILED'", pageToken: nextPageToken! },
          { orderBy: ["run_name"], pageToken: nextPageToken! },
          { pageToken: "no token" },
          { pageToken: Buffer.from('{"search":1}').toString("base64url") },
        ]) {
          await expect(found(query)).rejects.toThrow(
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
          `[StoreError: filter: runs have no attribute "nonsense", they have run_id, run_name, run name, Run name, Run Name, status, start_time, created, Created, end_time]`,
        ],
      ])("%s is refused with what would be right", async (filter, message) => {
        const error = await found({ filter }).catch((reason: unknown) => reason);
        expect(`[${error}]`).toBe(message);
      });

      test.each([0, -1, 1.5, 50_001])("a page of %d is refused", async (maxResults) => {
        await expect(found({ maxResults })).rejects.toMatchObject({ code: "invalid", subject: "maxResults" });
      });
    });

    describe("hostile text", () => {
      test.each(hostileTexts)("%j is a name and a value like others", async (text) => {
        const run = await newRun(text, { params: { [text]: text }, tags: { [text]: text } });
        await store.logBatch(run.runId, { metrics: [{ key: text, value: 1, timestamp: 1, step: 1 }] });
        await store.logDataset(run.runId, { name: text, digest: text, source: text });
        const read = await store.getRun(run.runId);
        expect(Object.entries(read.params)).toEqual([[text, text]]);
        expect(Object.entries(read.tags)).toContainEqual([text, text]);
        expect(Object.keys(read.metrics)).toEqual([text]);
        for (const [entity, comparator] of [
          ["param", "="],
          ["tag", "LIKE"],
          ["dataset", "="],
        ] as const) {
          const value = comparator === "LIKE" ? "%" : text;
          const key = entity === "dataset" ? "name" : text;
          expect(await found({ filter: printFilter([{ entity, key, comparator, value }]) })).toEqual([text]);
        }
        const ordered = { orderBy: [`params.\`${text.replaceAll("`", "``")}\` DESC`] };
        expect(await found(ordered)).toEqual([text]);
        expect(await store.getExperimentByName(text)).toBeUndefined();
        const experiment = await store.createExperiment(text);
        expect(await store.getExperimentByName(text)).toEqual(experiment);
        expect(await store.getExperiment("0")).toMatchObject({ name: "Default" });
      });

      test("LIKE takes everything but % and _ literally", async () => {
        const run = await newRun("target");
        const text = fc
          .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
          .filter((value) => !/[%_\0]/.test(value));
        await fc.assert(
          fc.asyncProperty(text, text, async (middle, other) => {
            await store.logBatch(run.runId, { tags: { value: `<${middle}>` } });
            const like = (value: string) =>
              found({ filter: printFilter([{ entity: "tag", key: "value", comparator: "LIKE", value }]) });
            expect(await like(`%${middle}%`)).toEqual(["target"]);
            expect(await like(`_${middle}_`)).toEqual(["target"]);
            expect(await like(`<${other}>`)).toEqual(other === middle ? ["target"] : []);
          }),
          { numRuns: 60 },
        );
      });
    });

    describe("registry", () => {
      test("versions count up within their model", async () => {
        await store.createRegisteredModel("reviews", { description: "of films", tags: { task: "text" } });
        await store.ensureRegisteredModel("cards");
        const { runId } = await newRun("r");
        const version = await store.createModelVersion({
          name: "reviews",
          source: `runs:/${runId}/model`,
          runId,
          tags: { acc: "0.8" },
        });
        expect(version).toEqual({
          name: "reviews",
          version: 1,
          description: "",
          creationTime: 1000,
          lastUpdateTime: 1000,
          source: `runs:/${runId}/model`,
          runId,
          tags: { acc: "0.8" },
          aliases: [],
        });
        await store.createModelVersion({ name: "reviews", source: "s3://elsewhere" });
        expect((await store.createModelVersion({ name: "cards", source: "x" })).version).toBe(1);
        expect((await store.listModelVersions("reviews")).map(({ version }) => version)).toEqual([2, 1]);
        expect(await store.getModelVersion("reviews", 1)).toEqual(version);
        expect(await store.ensureRegisteredModel("reviews")).toMatchObject({
          description: "of films",
          tags: { task: "text" },
        });
      });

      test("an alias is on one version at a time", async () => {
        await store.createRegisteredModel("reviews");
        for (const source of ["a", "b"]) await store.createModelVersion({ name: "reviews", source });
        expect(await store.getVersionByAlias("reviews", "inference")).toBeUndefined();
        await store.setAlias("reviews", "inference", 1);
        await store.setAlias("reviews", "candidate", 1);
        await store.setAlias("reviews", "inference", 2);
        expect(await store.getVersionByAlias("reviews", "inference")).toMatchObject({
          version: 2,
          aliases: ["inference"],
        });
        expect((await store.getModelVersion("reviews", 1)).aliases).toEqual(["candidate"]);
        expect((await store.getRegisteredModel("reviews")).aliases).toEqual({ candidate: 1, inference: 2 });
        await store.deleteAlias("reviews", "inference");
        await store.deleteAlias("reviews", "inference");
        expect(await store.getVersionByAlias("reviews", "inference")).toBeUndefined();
      });

      test.each(["", "v3", "V12", "latest", "a b", "a/b", "x".repeat(256)])(
        "the alias %j is refused",
        async (alias) => {
          await store.createRegisteredModel("reviews");
          await store.createModelVersion({ name: "reviews", source: "a" });
          await expect(store.setAlias("reviews", alias, 1)).rejects.toMatchObject({ code: "invalid" });
        },
      );

      test("what is missing or there already is named", async () => {
        await store.createRegisteredModel("reviews");
        await expect(store.createRegisteredModel("reviews")).rejects.toThrow(
          'registered model "reviews" exists already',
        );
        await expect(store.createRegisteredModel("a/b")).rejects.toMatchObject({ code: "invalid" });
        await expect(store.getRegisteredModel("cards")).rejects.toThrow(
          'there is no registered model "cards"',
        );
        await expect(store.createModelVersion({ name: "cards", source: "x" })).rejects.toMatchObject({
          code: "not-found",
        });
        await expect(store.listModelVersions("cards")).rejects.toMatchObject({ code: "not-found" });
        await expect(store.setAlias("reviews", "inference", 1)).rejects.toThrow(
          'registered model "reviews" has no version 1',
        );
        expect((await store.getRegisteredModel("reviews")).aliases).toEqual({});
      });

      test("tags of models and versions are set, replaced and removed", async () => {
        await store.createRegisteredModel("reviews");
        await store.createModelVersion({ name: "reviews", source: "a" });
        await store.setRegisteredModelTag("reviews", "owner", "a");
        await store.setRegisteredModelTag("reviews", "owner", "b");
        await store.setModelVersionTag("reviews", 1, "checked", "yes");
        expect((await store.getRegisteredModel("reviews")).tags).toEqual({ owner: "b" });
        expect((await store.getModelVersion("reviews", 1)).tags).toEqual({ checked: "yes" });
        await store.deleteRegisteredModelTag("reviews", "owner");
        await store.deleteModelVersionTag("reviews", 1, "checked");
        expect((await store.getRegisteredModel("reviews")).tags).toEqual({});
        expect((await store.getModelVersion("reviews", 1)).tags).toEqual({});
        await expect(store.setModelVersionTag("reviews", 2, "a", "b")).rejects.toMatchObject({
          code: "not-found",
        });
      });

      test("models and versions are searched with the same grammar", async () => {
        const { runId } = await newRun("r");
        for (const name of ["reviews", "cards", "tweets"]) {
          time++;
          await store.createRegisteredModel(name, { tags: { kind: name === "cards" ? "image" : "text" } });
          await store.createModelVersion({ name, source: `of ${name}`, ...(name === "cards" && { runId }) });
        }
        await store.createModelVersion({ name: "reviews", source: "second" });
        const models = async (query: Parameters<Store["searchRegisteredModels"]>[0]) =>
          (await store.searchRegisteredModels(query)).items.map(({ name }) => name);
        expect(await models({})).toEqual(["cards", "reviews", "tweets"]);
        expect(
          await models({ filter: "tags.kind = 'text' and name LIKE '%s'", orderBy: ["name DESC"] }),
        ).toEqual(["tweets", "reviews"]);
        const versions = async (query: Parameters<Store["searchModelVersions"]>[0]) =>
          (await store.searchModelVersions(query)).items.map(({ name, version }) => `${name} ${version}`);
        expect(await versions({ filter: "name = 'reviews'", orderBy: ["version_number ASC"] })).toEqual([
          "reviews 1",
          "reviews 2",
        ]);
        expect(await versions({ filter: `run_id = '${runId}'` })).toEqual(["cards 1"]);
        expect(await versions({ filter: "version_number > 1" })).toEqual(["reviews 2"]);
        const first = await store.searchModelVersions({ maxResults: 3, orderBy: ["name"] });
        expect(await versions({ maxResults: 3, orderBy: ["name"], pageToken: first.nextPageToken! })).toEqual(
          ["tweets 1"],
        );
      });
    });

    test("what was acknowledged is there after opening again, and for others at once", async () => {
      const { runId } = await newRun("r", { params: { lr: "0.1" } });
      await store.logBatch(runId, { metrics: [{ key: "loss", value: 0.5, timestamp: 1, step: 1 }] });
      const other = await under.open();
      expect(await other.getRun(runId)).toEqual(await store.getRun(runId));
      await other.logBatch(runId, { tags: { from: "the other" } });
      expect((await store.getRun(runId)).tags).toMatchObject({ from: "the other" });
      await other.close();
    });

    test("calls that run into each other each see a whole store", async () => {
      const { runId } = await newRun("r");
      const names = Array.from({ length: 20 }, (_, i) => `model-${i % 4}`);
      await Promise.all(names.map((name) => store.ensureRegisteredModel(name)));
      const versions = await Promise.all(
        names.map((name) => store.createModelVersion({ name, source: "x" })),
      );
      expect(new Set(versions.map(({ name, version }) => `${name} ${version}`)).size).toBe(20);
      const refused = names.map((_, i) =>
        store.logBatch(runId, { params: { lr: String(i) }, tags: { [`t${i}`]: "" } }),
      );
      const results = await Promise.allSettled(refused);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(Object.keys((await store.getRun(runId)).tags)).toHaveLength(2);
    });
  });
