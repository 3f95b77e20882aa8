// What the store promises when processes die or run side by side.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { openStore } from "./open-store.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-durability-"));
afterAll(() => rm(folder, { recursive: true }));

const script = fileURLToPath(new URL("store-writer.fixture.ts", import.meta.url));
const message = z.union([z.object({ runId: z.string() }), z.object({ acknowledged: z.int() })]);

function startWriter(home: string, key: string, count: number): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [script, home, key, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Reads what a writer says until it has acknowledged `enough` steps, or to its end. */
async function listen(writer: ChildProcessByStdio<null, Readable, null>, enough = Infinity) {
  let runId = "";
  let acknowledged = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    const said = message.safeParse(parseLine(line));
    if (!said.success) break; // half a line: it died while it spoke
    if ("runId" in said.data) runId = said.data.runId;
    else acknowledged = said.data.acknowledged + 1;
    if (acknowledged >= enough) writer.kill("SIGKILL");
  }
  return { runId, acknowledged };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

test("a writer that is killed in the middle of its writes loses nothing it acknowledged", async () => {
  const home = path.join(folder, "killed");
  for (let round = 0; round < 8; round++) {
    const writer = startWriter(home, `round-${round}`, 1_000_000);
    const exit = once(writer, "exit");
    const { runId, acknowledged } = await listen(writer, 5 + round * 17);
    expect((await exit)[1]).toBe("SIGKILL");
    const store = await openStore({ home });
    const history = await store.metricHistory(runId, `round-${round}`);
    expect(history.length).toBeGreaterThanOrEqual(acknowledged);
    expect(history.map(({ value }) => value)).toEqual(history.map((_, step) => step));
    // One transaction wrote the metric, its latest value and the tag: they agree, whenever the kill came.
    const run = await store.getRun(runId);
    expect(run.metrics[`round-${round}`]?.step).toBe(history.length - 1);
    expect(run.tags.step).toBe(String(history.length - 1));
    await store.close();
  }
});

test("processes that open a new store at once and write to it together see no error", async () => {
  const home = path.join(folder, "together");
  const keys = ["a", "b", "c", "d"];
  const writers = keys.map((key) => startWriter(home, key, 150));
  const exits = writers.map((writer) => once(writer, "exit"));
  const heard = await Promise.all(writers.map((writer) => listen(writer)));
  for (const exit of exits) expect(await exit).toEqual([0, null]);

  const store = await openStore({ home });
  for (const [i, { runId, acknowledged }] of heard.entries()) {
    expect(acknowledged).toBe(150);
    expect(await store.metricHistory(runId, keys[i]!)).toHaveLength(150);
  }
  expect((await store.searchExperiments()).items.map(({ name }) => name).sort()).toEqual([
    "Default",
    "shared",
  ]);
  const versions = await store.listModelVersions("shared");
  expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 60 }, (_, i) => 60 - i));
  await store.close();
});
