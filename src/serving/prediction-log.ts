import { hash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { type ObjectStore, openFileStore } from "../storage/index.ts";
import type { Prediction } from "../tracking/index.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type LoggedObject, loggedInput } from "./logged-input.ts";
import { segmentName } from "./prediction-segments.ts";

/** A prediction on its way into the log: input and answer are whatever JSON can write, and files within the input. */
export type UnwrittenPrediction = Omit<Prediction, "input" | "answer"> & {
  readonly input: unknown;
  readonly answer: unknown;
};

/** Writes down every answer in the background; serving never waits for it and never fails with it. */
export interface PredictionLog {
  /** Takes the prediction into the buffer; written at the next flush. */
  add(prediction: UnwrittenPrediction): void;
  /** Writes what waits; a failure is logged, and tried again at the next flush. */
  flush(): Promise<void>;
  /** Flushes for the last time; what cannot be written then is lost, logged and counted. */
  close(): Promise<void>;
  /** Predictions lost since the log was opened: the buffer was full, or JSON cannot write them. */
  readonly dropped: number;
}

export interface PredictionLogOptions {
  /** A process killed with -9 loses at most the predictions of this long. */
  readonly flushIntervalMs?: number;
  /** A segment that has reached this size is closed and the next one begun. */
  readonly segmentBytes?: number;
  /** The same for its age. */
  readonly segmentMs?: number;
  /** Where files of inputs are kept; the folder unless given. */
  readonly store?: ObjectStore | undefined;
  /** Share of the predictions that are logged, chosen by their ids. */
  readonly sampleShare?: number;
  /** What may wait while the disk refuses; predictions beyond it are dropped. */
  readonly bufferBytes?: number;
  /** Names this process's segments (letters, digits, hyphens): several processes may write into one folder. */
  readonly writer?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** How long a segment takes predictions at most: one that was not written for longer is finished, whoever wrote it. */
export const usualSegmentMs = 3_600_000;

/** Opens the prediction log of one project in `folder` (`HOME/predictions/PROJECT`), which is made when needed. */
export function openPredictionLog(folder: string, options: PredictionLogOptions = {}): PredictionLog {
  return new SegmentedLog(folder, options);
}

/** A log for services that keep none. */
export const noPredictionLog = (): PredictionLog => ({
  add() {},
  async flush() {},
  async close() {},
  dropped: 0,
});

interface Line {
  readonly text: Buffer;
  readonly objects: readonly LoggedObject[];
  readonly answeredAt: number;
}

interface OpenSegment {
  readonly handle: FileHandle;
  readonly file: string;
  readonly openedAt: number;
  /** Bytes that are known to be written. */
  size: number;
}

class SegmentedLog implements PredictionLog {
  readonly #folder: string;
  readonly #options: Required<Omit<PredictionLogOptions, "logger" | "store">>;
  readonly #logger: Logger | undefined;
  #store: ObjectStore | undefined;
  /** Objects that are in the store: an image that is asked about again and again is written once a day. */
  readonly #stored = new Set<string>();
  #lines: Line[] = [];
  #bufferedBytes = 0;
  #segment: OpenSegment | undefined;
  #segments = 0;
  #dropped = 0;
  /** Flushes run one after the other. */
  #lastFlush: Promise<void> = Promise.resolve();
  #cancelFlush: (() => void) | undefined;
  #isClosed = false;

  constructor(
    folder: string,
    {
      flushIntervalMs = 1000,
      segmentBytes = 8 * 2 ** 20,
      segmentMs = usualSegmentMs,
      store,
      sampleShare = 1,
      bufferBytes = 32 * 2 ** 20,
      writer = randomBytes(6).toString("hex"),
      clock = systemClock,
      logger,
    }: PredictionLogOptions,
  ) {
    this.#folder = folder;
    this.#store = store;
    this.#options = { flushIntervalMs, segmentBytes, segmentMs, sampleShare, bufferBytes, writer, clock };
    this.#logger = logger;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(prediction: UnwrittenPrediction): void {
    if (!isSampled(prediction.id, this.#options.sampleShare)) return;
    const line = this.#lineOf(prediction);
    if (line === undefined) return;
    const sizeBytes = sizeOf(line);
    if (this.#isClosed || this.#bufferedBytes + sizeBytes > this.#options.bufferBytes) {
      // One line in the log for a whole outage, not one for each request.
      if (this.#dropped++ === 0) this.#logger?.error("predictions are dropped: the log cannot take more");
      return;
    }
    this.#lines.push(line);
    this.#bufferedBytes += sizeBytes;
    this.#cancelFlush ??= this.#options.clock.after(this.#options.flushIntervalMs, () => void this.flush());
  }

  flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#lastFlush = this.#lastFlush.then(() => this.#write());
    return this.#lastFlush;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return this.#lastFlush;
    this.#isClosed = true;
    await this.flush();
    this.#cancelFlush?.();
    await this.#closeSegment();
    if (this.#lines.length === 0) return;
    this.#dropped += this.#lines.length;
    this.#logger?.error({ lost: this.#lines.length }, "predictions could not be written before the end");
  }

  #lineOf(prediction: UnwrittenPrediction): Line | undefined {
    try {
      const { input, objects } = loggedInput(prediction.input, prediction.time);
      const text = Buffer.from(`${JSON.stringify({ ...prediction, input })}\n`);
      const missing = objects.filter(({ name }) => !this.#stored.has(name));
      return { text, objects: missing, answeredAt: prediction.time + prediction.latencyMs };
    } catch (err) {
      this.#dropped++;
      this.#logger?.error({ err, id: prediction.id }, "a prediction cannot be written as JSON");
      return undefined;
    }
  }

  /** Writes all that waits now. It never throws: what failed stays in the buffer and is tried again. */
  async #write(): Promise<void> {
    if (this.#lines.length === 0) return;
    // A copy: what comes while these are written is for the next flush.
    const lines = [...this.#lines];
    try {
      // First the files, so that no line speaks of one that is not there.
      await this.#putObjects(lines.flatMap(({ objects }) => objects));
      const { segmentMs, clock } = this.#options;
      if (this.#segment && this.#segment.openedAt + segmentMs < clock.now()) await this.#closeSegment();
      this.#segment ??= await this.#openSegment(lines[0]!.answeredAt);
      const segment = this.#segment;
      const bytes = Buffer.concat(lines.map(({ text }) => text));
      await writeFully(segment.handle, bytes, segment.size);
      segment.size += bytes.length;
      this.#lines = this.#lines.slice(lines.length);
      for (const line of lines) this.#bufferedBytes -= sizeOf(line);
      if (segment.size >= this.#options.segmentBytes) await this.#closeSegment();
    } catch (err) {
      this.#logger?.error(
        { err, waiting: this.#lines.length },
        "predictions could not be written; trying again",
      );
      const { clock, flushIntervalMs } = this.#options;
      if (!this.#isClosed) this.#cancelFlush ??= clock.after(flushIntervalMs, () => void this.flush());
    }
  }

  async #putObjects(objects: readonly LoggedObject[]): Promise<void> {
    for (const { name, bytes } of objects) {
      if (this.#stored.has(name)) continue;
      this.#store ??= await openFileStore(this.#folder);
      await this.#store.put(name, bytes);
      this.#stored.add(name);
      if (this.#stored.size > rememberedObjects) this.#stored.delete(this.#stored.values().next().value!);
    }
  }

  async #openSegment(since: number): Promise<OpenSegment> {
    await mkdir(this.#folder, { recursive: true });
    const { writer, clock } = this.#options;
    const file = join(this.#folder, segmentName({ writer, number: this.#segments + 1, since }));
    const handle = await open(file, "wx");
    this.#segments++;
    return { handle, file, openedAt: clock.now(), size: 0 };
  }

  async #closeSegment(): Promise<void> {
    const segment = this.#segment;
    this.#segment = undefined;
    try {
      await segment?.handle.close();
    } catch (err) {
      this.#logger?.warn({ err, file: segment?.file }, "a segment of the prediction log did not close");
    }
  }
}

/** Names that are kept in memory; an object that was forgotten is written once more, to the same end. */
const rememberedObjects = 20_000;

const sizeOf = ({ text, objects }: Line): number =>
  objects.reduce((size, { bytes }) => size + bytes.length, text.length);

/** By the id, so that a request that passes several services is logged by all of them or none. */
function isSampled(id: string, share: number): boolean {
  if (share >= 1) return true;
  return Number.parseInt(hash("md5", id).slice(0, 8), 16) < share * 2 ** 32;
}

/**
 * Writes at a position that does not move before everything is written: a write that a full disk broke off is
 * overwritten by the next attempt, so that no line is there twice or in halves.
 */
async function writeFully(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
