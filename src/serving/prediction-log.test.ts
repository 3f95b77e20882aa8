import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Prediction } from "../tracking/index.ts";
import { openPredictionLog } from "./prediction-log.ts";
import { type ReadPredictionsOptions, readPredictions } from "./read-predictions.ts";
import { ManualClock } from "./testing/manual-clock.ts";

/** Whether the system can be told to refuse a process's writes, as a full disk would. */
const canLimitFiles = spawnSync("prlimit", ["--version"]).status === 0;
if (!canLimitFiles) console.warn("prediction log on a full disk: skipped, there is no prlimit here");

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "havn-predictions-")), "predictions", "movie-reviews");
});
afterEach(() => rm(join(folder, "../.."), { recursive: true, force: true }));

const noon = Date.UTC(2026, 0, 1, 12);

const prediction = (number: number, more: Partial<Prediction> = {}): Prediction => ({
  id: `request-${number}`,
  project: "movie-reviews",
  modelVersion: 3,
  time: noon + number,
  latencyMs: 4.5,
  input: { statement: `Film number ${number} is "good"\nand \u0000 \u{1F600}` },
  answer: { label: "positive", index: 1 },
  probabilities: [0.25, 0.75],
  ...more,
});

async function read(options?: ReadPredictionsOptions): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  for await (const prediction of readPredictions(folder, options)) predictions.push(prediction);
  return predictions;
}
const ids = async (options?: ReadPredictionsOptions) => (await read(options)).map(({ id }) => id);

describe("what was logged", () => {
  test("is read back unchanged after a flush, and after close", async () => {
    const clock = new ManualClock();
    const log = openPredictionLog(folder, { clock });
    log.add(prediction(1));
    await log.flush();
    expect(await read()).toEqual([prediction(1)]);
    log.add(prediction(2));
    await log.close();
    expect(await read()).toEqual([prediction(1), prediction(2)]);
    expect(clock.pending).toBe(0);
  });

  test("is written by itself when the flush interval is over", async () => {
    const clock = new ManualClock();
    const log = openPredictionLog(folder, { clock, flushIntervalMs: 1000 });
    log.add(prediction(1));
    clock.advance(999);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    expect(clock.pending).toBe(0);
    await log.flush(); // stands in line behind the flush that the clock began
    expect(await ids()).toEqual(["request-1"]);
    await log.close();
  });

  test("is all there, with its file, whenever it came while others were being written", async () => {
    const log = openPredictionLog(folder, { segmentBytes: 4000 });
    const expected: string[] = [];
    const add = (input?: Prediction["input"]) => {
      const number = expected.length + 1;
      expected.push(`request-${number}`);
      log.add(prediction(number, input === undefined ? {} : { input }));
    };
    for (let round = 0; round < 40; round++) {
      add();
      const written = log.flush();
      for (let turn = 0; turn < 8; turn++) {
        await new Promise(setImmediate);
        add(turn === 0 ? ({ file: Uint8Array.of(round) } as never) : undefined);
      }
      await written;
    }
    await log.close();
    expect(log.dropped).toBe(0);
    expect(await ids()).toEqual(expected);
    const objects = await readdir(join(folder, "objects"), { recursive: true });
    const isFile = (name: string) => !/^\d{4}-\d\d-\d\d$/.test(name);
    expect(objects.filter(isFile)).toHaveLength(40);
  });

  test("lies in segments that roll by size, each named by its first answer", async () => {
    const log = openPredictionLog(folder, { segmentBytes: 400, writer: "w1" });
    for (let number = 1; number <= 5; number++) {
      log.add(prediction(number));
      await log.flush();
    }
    await log.close();
    expect((await readdir(folder)).sort()).toEqual([
      "2026-01-01T12-00-00.005Z_w1_000001.jsonl",
      "2026-01-01T12-00-00.007Z_w1_000002.jsonl",
      "2026-01-01T12-00-00.009Z_w1_000003.jsonl",
    ]);
    expect(await ids()).toEqual([1, 2, 3, 4, 5].map((number) => `request-${number}`));
  });

  test("survives whatever text a request can hold", async () => {
    const texts = fc.array(fc.string({ unit: "binary" }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(texts, async (texts) => {
        await rm(folder, { recursive: true, force: true });
        const log = openPredictionLog(folder);
        const predictions = texts.map((text, number) => prediction(number, { input: { text } }));
        for (const each of predictions) log.add(each);
        await log.close();
        expect(await read()).toEqual(predictions);
      }),
      { numRuns: 30 },
    );
  });
});

describe("reading", () => {
  test("a folder that does not exist holds no predictions", async () => {
    expect(await read()).toEqual([]);
  });

  test("from, to and limit choose, in both orders", async () => {
    const log = openPredictionLog(folder, { segmentBytes: 500 });
    for (let number = 1; number <= 9; number++) {
      log.add(prediction(number));
      await log.flush();
    }
    await log.close();
    expect(await ids({ from: noon + 4, to: noon + 7 })).toEqual(["request-4", "request-5", "request-6"]);
    expect(await ids({ from: noon + 4, to: noon + 7, order: "newest-first" })).toEqual([
      "request-6",
      "request-5",
      "request-4",
    ]);
    expect(await ids({ limit: 2, order: "newest-first" })).toEqual(["request-9", "request-8"]);
    expect(await ids({ from: noon + 3, limit: 2 })).toEqual(["request-3", "request-4"]);
    expect(await ids({ limit: 0 })).toEqual([]);
  });

  test("several processes that write at once are read as one sequence, whichever got which request", async () => {
    const writers = fc.array(fc.nat(2), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(writers, async (writers) => {
        await rm(folder, { recursive: true, force: true });
        const logs = [0, 1, 2].map(() => openPredictionLog(folder, { segmentBytes: 600 }));
        for (const [number, writer] of writers.entries()) {
          logs[writer]!.add(prediction(number));
          await logs[writer]!.flush();
        }
        await Promise.all(logs.map((log) => log.close()));
        const expected = writers.map((_, number) => `request-${number}`);
        expect(await ids()).toEqual(expected);
        expect(await ids({ order: "newest-first" })).toEqual(expected.toReversed());
      }),
      { numRuns: 30 },
    );
  });

  test("a line torn anywhere is left out, all before it are there", async () => {
    const log = openPredictionLog(folder, { writer: "w1" });
    log.add(prediction(1));
    log.add(prediction(2));
    await log.close();
    const file = join(folder, (await readdir(folder))[0]!);
    const whole = await readFile(file);
    const secondLine = whole.indexOf("\n") + 1;
    for (let length = secondLine; length < whole.length - 1; length += 7) {
      await writeFile(file, whole.subarray(0, length));
      expect(await ids()).toEqual(["request-1"]);
      expect(await ids({ order: "newest-first" })).toEqual(["request-1"]);
    }
    await appendFile(join(folder, "notes.txt"), "files of other names are left alone");
    expect(await ids()).toEqual(["request-1"]);
  });
});

describe("a disk that refuses", () => {
  test("breaks nothing: what waits is written once, when the disk takes it again", async () => {
    const clock = new ManualClock();
    const log = openPredictionLog(folder, { clock });
    // A file where the folder should be made: mkdir fails as it does on a full disk.
    await writeFile(join(folder, ".."), "in the way");
    log.add(prediction(1));
    await log.flush();
    log.add(prediction(2));
    await log.flush();
    expect(clock.pending).toBe(1); // the next attempt
    await rm(join(folder, ".."));
    await log.flush();
    expect(await ids()).toEqual(["request-1", "request-2"]);
    expect(log.dropped).toBe(0);
    await log.close();
  });

  test("for long costs the predictions beyond the buffer, and says how many", async () => {
    await writeFile(join(folder, ".."), "in the way");
    const line = Buffer.byteLength(`${JSON.stringify(prediction(1))}\n`);
    const log = openPredictionLog(folder, { clock: new ManualClock(), bufferBytes: 2 * line });
    for (const number of [1, 2, 3]) log.add(prediction(number));
    await log.flush();
    expect(log.dropped).toBe(1);
    await rm(join(folder, ".."));
    await log.close();
    expect(await ids()).toEqual(["request-1", "request-2"]);
  });

  test.skipIf(!canLimitFiles)(
    "in the middle of a write leaves no line in halves and none twice",
    async () => {
      const child = startLogging();
      await child.send("2");
      await child.send("flush");
      await child.send("8");
      // From now on the system breaks off every write at 1,000 bytes, in the fourth line.
      limitFiles(child.pid, "1000:unlimited");
      await child.send("flush");
      expect(await ids()).toEqual(["1", "2", "3"]);
      limitFiles(child.pid, "unlimited");
      await child.send("2");
      await child.send("flush");
      expect(await ids()).toEqual(Array.from({ length: 12 }, (_, i) => `${i + 1}`));
      await child.kill();
    },
  );
});

describe("kill -9", () => {
  test("loses what was not flushed and nothing else", async () => {
    const child = startLogging();
    await child.send("5");
    await child.send("flush");
    await child.send("2");
    await child.kill();
    expect(await ids()).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("in the middle of writing loses no flushed prediction, and the next process goes on beside it", async () => {
    for (let round = 1; round <= 5; round++) {
      await rm(folder, { recursive: true, force: true });
      const child = startLogging();
      let flushed = Number(await child.send("storm"));
      while (flushed < round * 10) flushed = Number(await child.next());
      await child.kill();
      const logged = await ids();
      expect(logged.length).toBeGreaterThanOrEqual(flushed);
      expect(logged).toEqual(logged.map((_, i) => `${i + 1}`));

      const next = openPredictionLog(folder);
      next.add(prediction(1));
      await next.close();
      expect(await ids()).toEqual([...logged, "request-1"]);
    }
  });
});

test("an answer that JSON cannot write is counted, and spoils no other", async () => {
  const log = openPredictionLog(folder);
  log.add({ ...prediction(1), answer: 1n });
  log.add(prediction(2));
  await log.close();
  expect(log.dropped).toBe(1);
  expect(await ids()).toEqual(["request-2"]);
});

function limitFiles(pid: number, limit: string): void {
  const { status, stderr } = spawnSync("prlimit", [`--pid=${pid}`, `--fsize=${limit}`], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
}

/** A process of its own that logs into the folder. */
function startLogging() {
  const script = fileURLToPath(new URL("./testing/log-predictions.ts", import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  return {
    pid: child.pid!,
    next,
    /** Gives a command and waits for its answer. */
    send(command: string) {
      child.stdin.write(`${command}\n`);
      return next();
    },
    async kill() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}
