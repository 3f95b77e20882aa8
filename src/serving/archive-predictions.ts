import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { type ObjectStore, openFileStore } from "../storage/index.ts";
import { type Clock, systemClock } from "./clock.ts";
import { objectsFolder } from "./logged-input.ts";
import { usualSegmentMs } from "./prediction-log.ts";
import { type SegmentName, segmentObject, segmentsInFolder, segmentsInStore } from "./prediction-segments.ts";

export interface ArchiveOptions {
  /** Where finished segments go, as Parquet; the folder unless given. */
  readonly store?: ObjectStore | undefined;
  /** Predictions and their files that are older are dropped; kept for ever unless given. */
  readonly retentionDays?: number | undefined;
  /** How long a segment takes predictions at most, as in the log. */
  readonly segmentMs?: number;
  readonly everyMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger | undefined;
}

/** Moves finished segments of a prediction log into the store, now and then. */
export interface PredictionArchive {
  /** Moves what is finished and drops what is too old. A failure is logged, and tried again the next time. */
  run(): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

const dayMs = 24 * 3_600_000;
/** A writer that is slow, or has another clock than the disk, still has its hour. */
const marginMs = 600_000;

/**
 * Looks after the prediction log in `folder`: its finished segments become Parquet files in the store. Several processes may
 * do so at once, and any may be killed at any time: a segment becomes one file, of a name and content that do not
 * depend on who writes it, and leaves the folder only when the file is there.
 */
export function archivePredictions(
  folder: string,
  {
    store: given,
    retentionDays,
    segmentMs = usualSegmentMs,
    everyMs = 600_000,
    clock = systemClock,
    logger,
  }: ArchiveOptions = {},
): PredictionArchive {
  let isClosed = false;
  let last: Promise<void> = Promise.resolve();
  let cancel = () => {};
  const store = async () => given ?? openFileStore(folder);
  const once = async () => {
    try {
      if ((await segmentsInFolder(folder)).length === 0 && retentionDays === undefined) return;
      const opened = await store();
      await moveFinished(folder, opened, clock.now() - segmentMs - marginMs);
      if (retentionDays !== undefined)
        await dropOld(folder, opened, { before: clock.now() - retentionDays * dayMs, segmentMs });
    } catch (err) {
      logger?.error({ err, folder }, "the prediction log could not be archived; trying again later");
    }
  };
  const run = () => {
    last = last.then(once);
    return last;
  };
  const schedule = (ms: number) => {
    cancel = clock.after(ms, () => void run().then(() => isClosed || schedule(everyMs)));
  };
  schedule(Math.min(everyMs, 60_000));
  return {
    run,
    async close() {
      isClosed = true;
      cancel();
      await last;
    },
  };
}

/** @param idleSince a segment that was last written before is finished */
async function moveFinished(folder: string, store: ObjectStore, idleSince: number): Promise<void> {
  const segments = await segmentsInFolder(folder);
  for (const segment of segments) {
    const hasSuccessor = segments.some(
      ({ writer, number }) => writer === segment.writer && number > segment.number,
    );
    const file = join(folder, segment.file);
    if (!hasSuccessor && (await lastWritten(file)) >= idleSince) continue;
    const bytes = await toParquet(file);
    if (bytes) await store.put(segmentObject(segment), bytes);
    await rm(file, { force: true });
  }
}

const lastWritten = async (file: string): Promise<number> =>
  (await stat(file).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))).mtimeMs;

/** In a thread of its own: eight megabytes of JSON would hold up requests for a tenth of a second and more. */
async function toParquet(file: string): Promise<Uint8Array | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  const worker = new Worker(new URL("./parquet-thread.ts", import.meta.url), { workerData: { file } });
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the thread ended with code ${code}`)));
  try {
    return await promise;
  } finally {
    await worker.terminate();
  }
}

async function dropOld(
  folder: string,
  store: ObjectStore,
  { before, segmentMs }: { readonly before: number; readonly segmentMs: number },
): Promise<void> {
  const isOld = ({ since }: SegmentName) => since + segmentMs + marginMs < before;
  for (const segment of await segmentsInStore(store)) if (isOld(segment)) await store.delete(segment.object);
  for (const segment of await segmentsInFolder(folder))
    if (isOld(segment) && (await lastWritten(join(folder, segment.file))) < before)
      await rm(join(folder, segment.file), { force: true });
  for (const { name } of await store.list(`${objectsFolder}/`)) {
    const [, day = ""] = name.split("/");
    if (Date.parse(day) + dayMs < before) await store.delete(name);
  }
}
