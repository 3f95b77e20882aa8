import { fork } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ObjectStore, openFileStore } from "../storage/index.ts";
import { archivePredictions } from "./archive-predictions.ts";
import { openPredictionLog } from "./prediction-log.ts";
import { readPredictions } from "./read-predictions.ts";
import { ManualClock } from "./testing/manual-clock.ts";

let folder: string;
let store: ObjectStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-archive-"));
  store = await openFileStore(join(folder, "store"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hour = 3_600_000;
const noon = Date.UTC(2026, 0, 1, 12);
const prediction = (number: number, input: unknown = { text: `Film ${number}` }) => ({
  ...{ id: `request-${number}`, project: "p", modelVersion: 1, time: noon + number, latencyMs: 2 },
  ...{ input, answer: { label: "good" }, probabilities: [0.25, 0.75], label: "good" },
});
const logFolder = () => join(folder, "log");
const segments = async () => (await readdir(logFolder())).filter((file) => file.endsWith(".jsonl")).sort();
const parquets = async () => (await store.list("date=")).map(({ name }) => name);
async function ids(order: "oldest-first" | "newest-first" = "oldest-first") {
  const found: string[] = [];
  for await (const { id } of readPredictions(logFolder(), { store, order })) found.push(id);
  return found;
}

/** Writes predictions, so many in each segment. */
async function writeSegments(counts: readonly number[], writer = "w1"): Promise<string[]> {
  const log = openPredictionLog(logFolder(), { segmentBytes: 1, writer });
  const written: string[] = [];
  for (const count of counts) {
    for (let i = 0; i < count; i++) {
      const number = written.length + 1;
      log.add(prediction(number));
      written.push(`request-${number}`);
    }
    await log.flush();
  }
  await log.close();
  return written;
}

describe("finished segments", () => {
  test("become Parquet, one for one; the newest of a writer stays until nobody can write it any more", async () => {
    const written = await writeSegments([2, 3, 1]);
    const clock = new ManualClock(Date.now());
    const archive = archivePredictions(logFolder(), { store, clock });
    await archive.run();
    expect(await segments()).toEqual(["2026-01-01T12-00-00.008Z_w1_000003.jsonl"]);
    expect(await parquets()).toEqual([
      "date=2026-01-01/2026-01-01T12-00-00.003Z_w1_000001.parquet",
      "date=2026-01-01/2026-01-01T12-00-00.005Z_w1_000002.parquet",
    ]);
    expect(await ids()).toEqual(written);
    expect(await ids("newest-first")).toEqual(written.toReversed());
    clock.advance(2 * hour);
    await archive.run();
    expect(await segments()).toEqual([]);
    expect(await parquets()).toHaveLength(3);
    expect(await ids()).toEqual(written);
    await archive.close();
  });

  test("lose nothing of a prediction on the way", async () => {
    await writeSegments([1, 1]);
    const read = async () => {
      const found: unknown[] = [];
      for await (const each of readPredictions(logFolder(), { store })) found.push(each);
      return found;
    };
    const before = await read();
    await archivePredictions(logFolder(), { store, clock: new ManualClock(Date.now() + 2 * hour) }).run();
    expect(await segments()).toEqual([]);
    expect(await read()).toEqual(before);
  });

  test("are moved now and then by itself, until it is closed", async () => {
    const written = await writeSegments([1, 1]);
    const clock = new ManualClock(Date.now() + 2 * hour);
    const archive = archivePredictions(logFolder(), { store, clock });
    clock.advance(60_000);
    await archive.run(); // stands in line behind the one that the clock began
    expect(await segments()).toEqual([]);
    await archive.close();
    expect(clock.pending).toBe(0);
    expect(await ids()).toEqual(written);
  });

  test("with torn lines keep the others; those of nothing but that leave nothing", async () => {
    const written = await writeSegments([2]);
    await appendFile(join(logFolder(), (await segments())[0]!), '{"id":"torn');
    await appendFile(join(logFolder(), "2026-01-01T12-00-00.000Z_w2_000001.jsonl"), '{"id":"torn');
    await archivePredictions(logFolder(), { store, clock: new ManualClock(Date.now() + 2 * hour) }).run();
    expect(await segments()).toEqual([]);
    expect(await parquets()).toHaveLength(1);
    expect(await ids()).toEqual(written);
  });

  test("are there once, whenever a process was killed between the two places", async () => {
    const written = await writeSegments([2, 2, 2]);
    const clock = () => new ManualClock(Date.now() + 2 * hour);
    // What a process leaves that is killed after the file was written and before the segment is removed.
    const copying: ObjectStore = {
      ...store,
      put: async (name, source) => {
        await store.put(name, source);
        throw new Error("killed");
      },
    };
    await archivePredictions(logFolder(), { store: copying, clock: clock() }).run();
    expect([(await segments()).length, (await parquets()).length]).toEqual([3, 1]);
    expect(await ids()).toEqual(written);
    const both = [1, 2].map(() => archivePredictions(logFolder(), { store, clock: clock() }));
    await Promise.all(both.map((archive) => archive.run()));
    expect([(await segments()).length, (await parquets()).length]).toEqual([0, 3]);
    expect(await ids()).toEqual(written);
  });

  test("are read whole while they are moved", async () => {
    const written = await writeSegments([3, 3, 3, 3]);
    const archive = archivePredictions(logFolder(), { store, clock: new ManualClock(Date.now() + 2 * hour) });
    const moving = archive.run();
    const read = await Promise.all([ids(), ids("newest-first"), ids()]);
    await moving;
    expect(read).toEqual([written, written.toReversed(), written]);
  });
});

describe("kill -9", () => {
  test("of processes that log and archive loses no flushed prediction and doubles none", {
    timeout: 60_000,
  }, async () => {
    const program = fileURLToPath(new URL("./testing/log-and-archive.ts", import.meta.url));
    let flushed: number[] = [];
    for (let round = 0; round < 3; round++) {
      const child = fork(program, [logFolder(), join(folder, "store"), String(round * 1_000_000)]);
      const reached: number[] = [];
      const archived: string[] = [];
      child.on("message", (what: number | string) => {
        if (typeof what === "number") reached.push(what);
        else archived.push(what);
      });
      while (archived.length <= round % 2) await once(child, "message");
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
      flushed = [...flushed, ...reached];
    }
    const logged = (await ids()).map(Number);
    expect(new Set(logged).size).toBe(logged.length);
    expect(logged).toEqual(expect.arrayContaining(flushed));
    expect((await parquets()).length).toBeGreaterThan(0);
  });
});

describe("files of inputs", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const image = (more: object = {}) => ({ name: "card.jpg", bytes, ...more });

  test("are objects named by their content, once a day, and the line says where", async () => {
    const log = openPredictionLog(logFolder(), { store });
    for (const number of [1, 2]) log.add(prediction(number, image()));
    log.add(prediction(3, { nested: { file: new Uint8Array([4]) } }));
    await log.flush();
    log.add(prediction(4, image()));
    await log.close();
    const objects = (await store.list("objects/")).map(({ name }) => name);
    expect(objects).toEqual([
      "objects/2026-01-01/039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
      "objects/2026-01-01/e52d9c508c502347344d8c07ad91cbd6068afc75ff6292f062a09ca381c89e71",
    ]);
    const inputs: unknown[] = [];
    for await (const { input } of readPredictions(logFolder(), { store })) inputs.push(input);
    expect(inputs[0]).toEqual({ name: "card.jpg", bytes: { object: objects[0], sizeBytes: 3 } });
    expect(inputs[2]).toEqual({ nested: { file: { object: objects[1], sizeBytes: 1 } } });
    expect(await store.read(objects[0]!)).toEqual(bytes);
  });

  test("that the store refuses hold up their predictions, and come with them later", async () => {
    let refuses = true;
    const moody: ObjectStore = {
      ...store,
      put: async (...args) => (refuses ? Promise.reject(new Error("full")) : store.put(...args)),
    };
    const log = openPredictionLog(logFolder(), { store: moody, clock: new ManualClock() });
    log.add(prediction(1, image()));
    await log.flush();
    expect(await ids()).toEqual([]);
    refuses = false;
    await log.close();
    expect(await ids()).toEqual(["request-1"]);
  });
});

test("what is older than the retention time is dropped, predictions and files alike", async () => {
  const log = openPredictionLog(logFolder(), { store, segmentBytes: 1 });
  const day = 24 * hour;
  for (const [number, time] of [noon, noon + 10 * day].entries()) {
    log.add({ ...prediction(number, { bytes: new Uint8Array([number]) }), time });
    await log.flush();
  }
  await log.close();
  for (const file of await segments()) await utimes(join(logFolder(), file), noon / 1000, noon / 1000);
  const archive = (retentionDays: number) =>
    archivePredictions(logFolder(), { store, retentionDays, clock: new ManualClock(noon + 11 * day) });
  await archive(30).run();
  expect(await ids()).toEqual(["request-0", "request-1"]);
  await archive(7).run();
  expect(await ids()).toEqual(["request-1"]);
  expect((await store.list("objects/")).map(({ name }) => name)).toEqual([
    expect.stringMatching(/^objects\/2026-01-11\//),
  ]);
  await archive(0).run();
  expect(await ids()).toEqual([]);
  expect(await store.list("objects/")).toEqual([]);
});

test("a sample is a share of the requests, the same in every service", async () => {
  const logged = async (sampleShare: number) => {
    await rm(logFolder(), { recursive: true, force: true });
    const log = openPredictionLog(logFolder(), { sampleShare });
    for (let number = 0; number < 2000; number++) log.add(prediction(number));
    await log.close();
    return ids();
  };
  const quarter = await logged(0.25);
  expect(quarter.length).toBeGreaterThan(400);
  expect(quarter.length).toBeLessThan(600);
  expect(await logged(0.5)).toEqual(expect.arrayContaining(quarter));
  expect(await logged(0)).toEqual([]);
});
