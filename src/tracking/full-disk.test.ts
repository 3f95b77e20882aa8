// A disk that fills up while a store writes to it: a small file system in memory.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStore } from "./open-store.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-full-"));
const isMounted = mount();
afterAll(async () => {
  if (isMounted) execFileSync("umount", [folder]);
  await rm(folder, { recursive: true, force: true });
});

function mount(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], { stdio: "pipe" });
    return true;
  } catch {
    console.warn("SKIPPED: a full disk; only root may mount a small one here");
    return false;
  }
}

test.skipIf(!isMounted)("a full disk is said, and nothing that was acknowledged is lost", async () => {
  const store = await openStore({ home: folder });
  const { runId } = await store.createRun({ experimentId: "0" });
  const batch = (n: number) =>
    Array.from({ length: 100 }, (_, i) => ({ key: "loss", value: i, timestamp: n, step: n * 100 + i }));
  let acknowledged = 0;
  const fill = async () => {
    for (; acknowledged < 10_000; acknowledged++)
      await store.logBatch(runId, { metrics: batch(acknowledged) });
  };
  await expect(fill()).rejects.toMatchObject({
    name: "StoreError",
    code: "no-space",
    message:
      "the disk of the database is full: nothing of this was written, nothing else is lost; make room and try again",
  });
  expect(acknowledged).toBeGreaterThan(10);
  const artifacts = store.artifacts(runId);
  await expect(artifacts.put("model", new Uint8Array(4_000_000))).rejects.toMatchObject({
    name: "StorageError",
    code: "no-space",
    message: expect.stringContaining("the disk of the store is full"),
  });
  expect(await artifacts.list()).toEqual([]);
  expect(await store.metricHistory(runId, "loss")).toHaveLength(100 * acknowledged);
  await store.close();
  const again = await openStore({ home: folder });
  expect(await again.metricHistory(runId, "loss")).toHaveLength(100 * acknowledged);
  await again.close();
});
