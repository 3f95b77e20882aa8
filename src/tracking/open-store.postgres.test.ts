import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { describeStore } from "./contract/describe-store.ts";
import { openStore } from "./open-store.ts";
import { startPostgres } from "./testing/postgres-cluster.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-store-"));
const postgres = await startPostgres();
afterAll(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true });
});

let homes = 0;
const newStore = async (now = () => 1000) => {
  const databaseUrl = await postgres!.newDatabase();
  const home = path.join(folder, String(homes++));
  return { open: () => openStore({ home, databaseUrl, now }) };
};

describe.skipIf(!postgres)("with a cluster", () => {
  describeStore("Postgres", newStore);

  test("servers that start at once on an empty database agree on the schema", async () => {
    const { open } = await newStore();
    const stores = await Promise.all(Array.from({ length: 6 }, open));
    const names = stores.map((_, i) => `experiment-${i}`);
    const made = await Promise.all(stores.map((store, i) => store.createExperiment(names[i]!)));
    expect(made.map(({ experimentId }) => experimentId).sort()).toEqual(["1", "2", "3", "4", "5", "6"]);
    const same = await Promise.all(stores.map((store) => store.ensureExperiment("shared")));
    expect(new Set(same.map(({ experimentId }) => experimentId)).size).toBe(1);
    await Promise.all(stores.map((store) => store.close()));
  });

  test("servers side by side give every version a number of its own", async () => {
    const { open } = await newStore();
    const stores = await Promise.all([open(), open(), open()]);
    await stores[0]!.createRegisteredModel("shared");
    const versions = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        stores[i % 3]!.createModelVersion({ name: "shared", source: String(i) }),
      ),
    );
    expect(versions.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        i % 2 === 0
          ? stores[i % 3]!.setAlias("shared", "inference", i + 1)
          : stores[i % 3]!.setModelVersionTag("shared", i, "checked", String(i)),
      ),
    );
    expect((await stores[1]!.getVersionByAlias("shared", "inference"))?.version).toBeGreaterThan(0);
    await Promise.all(stores.map((store) => store.close()));
  });

  test("writers whose batches name the same things in another order see no deadlock", async () => {
    const { open } = await newStore();
    const [a, b] = await Promise.all([open(), open()]);
    const { runId } = await a.createRun({ experimentId: "0" });
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    const metrics = keys.map((key) => ({ key, value: 1, timestamp: 1, step: 1 }));
    const params = Object.fromEntries(keys.map((key) => [key, "1"]));
    const reversed = Object.fromEntries(keys.toReversed().map((key) => [key, "1"]));
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2
          ? a.logBatch(runId, { metrics, params, tags: params })
          : b.logBatch(runId, { metrics: metrics.toReversed(), params: reversed, tags: reversed }),
      ),
    );
    expect(Object.keys((await b.getRun(runId)).params)).toHaveLength(40);
    await Promise.all([a.close(), b.close()]);
  });

  test("a database that ends in the middle of writes takes no server with it, and none is lost", async () => {
    // Of its own: one with little in it is soon there again.
    const cluster = (await startPostgres())!;
    const home = path.join(folder, "crashed");
    const store = await openStore({ home, databaseUrl: await cluster.newDatabase() });
    const { runId } = await store.createRun({ experimentId: "0" });
    const written: number[] = [];
    let [step, enough] = [0, Number.POSITIVE_INFINITY];
    const write = async () => {
      while (written.length < enough) {
        const own = step++;
        try {
          await store.logBatch(runId, { metrics: [{ key: "loss", value: own, timestamp: own, step: own }] });
          written.push(own);
        } catch (error) {
          expect(error).toMatchObject({ code: "unavailable" });
        }
      }
    };
    const writers = Promise.all(Array.from({ length: 12 }, write));
    await cluster.crash();
    enough = written.length + 50;
    await writers;
    const history = new Set((await store.metricHistory(runId, "loss")).map(({ value }) => value));
    expect(written.filter((value) => !history.has(value))).toEqual([]);
    await store.close();
    await cluster.stop();
  }, 120_000);

  test("a database that cannot be reached is named without its password", async () => {
    const url = "postgres://havn:geheim@127.0.0.1:1/runs";
    const opened = openStore({ home: path.join(folder, "none"), databaseUrl: url });
    await expect(opened).rejects.toThrowErrorMatchingInlineSnapshot(
      `[StoreError: the database 127.0.0.1:1/runs (HAVN_DATABASE_URL) cannot be used: connect ECONNREFUSED 127.0.0.1:1]`,
    );
    await expect(openStore({ home: path.join(folder, "none"), databaseUrl: "geheim" })).rejects.toThrow(
      "HAVN_DATABASE_URL must be a URL such as",
    );
  });
});
