/** `havn track` is killed fifty times in the middle of writes: what it has acknowledged is there, and nothing is half there. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { openStore } from "../src/tracking/index.ts";

const folder = await mkdtemp(join(tmpdir(), "havn-killed-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const program = fileURLToPath(new URL("../bin/havn.js", import.meta.url));

/** A server in a process group of its own. */
async function startServer(home: string): Promise<{ url: string; server: ChildProcess }> {
  const words = [program, "track", "--port", "0", "--home", home, "--json"];
  const server = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  for await (const line of createInterface({ input: server.stdout as Readable }))
    return { url: z.object({ url: z.string() }).parse(JSON.parse(line)).url, server };
  throw new Error("the server ended before it was ready");
}

const created = z.object({ run: z.object({ info: z.object({ run_id: z.string() }) }) });

/** What clients have been told is written. */
interface Acknowledged {
  /** Values of the metric `loss` by run. */
  readonly values: Map<string, Set<number>>;
  readonly files: Map<string, number>;
}

/** Writes to a server until it is gone, and notes every answer. */
async function writeUntilGone(url: string, acknowledged: Acknowledged, onWrite: () => void): Promise<void> {
  const post = async (route: string, body: object): Promise<unknown> => {
    const response = await fetch(`${url}/api/2.0/mlflow/${route}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${route} was answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  let step = 0;
  try {
    const { run_id } = created.parse(await post("runs/create", { experiment_id: "0" })).run.info;
    const values = new Set<number>();
    acknowledged.values.set(run_id, values);
    for (;;) {
      const metrics = [0, 1, 2].map((i) => ({
        key: "loss",
        value: step + i,
        timestamp: step + i,
        step: step + i,
      }));
      if (step % 2 === 0)
        await post("runs/log-batch", { run_id, metrics, tags: [{ key: "step", value: String(step) }] });
      else await post("runs/log-metric", { run_id, ...metrics[0] });
      for (const { value } of step % 2 === 0 ? metrics : metrics.slice(0, 1)) values.add(value);
      step += step % 2 === 0 ? 3 : 1;
      onWrite();
      if (step % 8 !== 0) continue;
      const name = `${run_id}/file-${step}`;
      const body = new Uint8Array(200_000).fill(step);
      const path = `${url}/api/2.0/mlflow-artifacts/artifacts/${name}`;
      if ((await fetch(path, { method: "PUT", body })).ok) acknowledged.files.set(name, body.length);
    }
  } catch (error) {
    // A connection that broke off is what this is about; an answer that says no is not.
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
  }
}

test("nothing that was acknowledged is lost in fifty kills", async () => {
  const home = join(folder, "home");
  await (await openStore({ home })).close();
  const acknowledged: Acknowledged = { values: new Map(), files: new Map() };
  // Two at a time on one home: the one that lives sees no error from the one that dies.
  const lane = async (first: number) => {
    for (let kill = first; kill < 50; kill += 2) {
      const { url, server } = await startServer(home);
      const exit = once(server, "exit");
      let writes = 0;
      const enough = 10 + ((kill * 7) % 40);
      const onWrite = () => {
        if (++writes === enough) process.kill(-server.pid!, "SIGKILL");
      };
      await Promise.all([0, 1, 2].map(() => writeUntilGone(url, acknowledged, onWrite)));
      expect((await exit)[1]).toBe("SIGKILL");
    }
  };
  await Promise.all([lane(0), lane(1)]);

  const store = await openStore({ home });
  let count = 0;
  for (const [runId, values] of acknowledged.values) {
    const history = new Set((await store.metricHistory(runId, "loss")).map(({ value }) => value));
    expect([...values].filter((value) => !history.has(value))).toEqual([]);
    count += values.size;
    // One transaction wrote the values of a batch, the latest of them and the tag: they agree, whenever the kill came.
    const run = await store.getRun(runId);
    expect(run.metrics.loss?.value ?? -1).toBe(Math.max(-1, ...history));
    if (run.tags.step !== undefined) expect(history).toContain(Number(run.tags.step) + 2);
  }
  expect(count).toBeGreaterThan(1000);
  const stored = new Map((await store.files.list()).map(({ name, sizeBytes }) => [name, sizeBytes]));
  for (const [name, size] of acknowledged.files) expect(stored.get(name)).toBe(size);
  // Uploads that broke off left nothing: what is there is whole.
  expect([...stored.values()].filter((size) => size !== 200_000)).toEqual([]);
  expect(stored.size).toBeGreaterThan(10);
  await store.close();
}, 600_000);
