import { expect, test } from "vitest";
import type { Given } from "./given.ts";

/** What holds when a store is opened again, or called at once. */
export function sharingContract(given: Given): void {
  test("what was acknowledged is there after opening again, and for others at once", async () => {
    const { runId } = await given.newRun("r", { params: { lr: "0.1" } });
    await given.store.logBatch(runId, { metrics: [{ key: "loss", value: 0.5, timestamp: 1, step: 1 }] });
    const other = await given.under.open();
    expect(await other.getRun(runId)).toEqual(await given.store.getRun(runId));
    await other.logBatch(runId, { tags: { from: "the other" } });
    expect((await given.store.getRun(runId)).tags).toMatchObject({ from: "the other" });
    await other.close();
  });

  test("calls that run into each other each see a whole store", async () => {
    const { runId } = await given.newRun("r");
    const names = Array.from({ length: 20 }, (_, i) => `model-${i % 4}`);
    await Promise.all(names.map((name) => given.store.ensureRegisteredModel(name)));
    const versions = await Promise.all(
      names.map((name) => given.store.createModelVersion({ name, source: "s3://x" })),
    );
    expect(new Set(versions.map(({ name, version }) => `${name} ${version}`)).size).toBe(20);
    const refused = names.map((_, i) =>
      given.store.logBatch(runId, { params: { lr: String(i) }, tags: { [`t${i}`]: "" } }),
    );
    const results = await Promise.allSettled(refused);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(Object.keys((await given.store.getRun(runId)).tags)).toHaveLength(2);
  });
}
