/** Reading a prediction log: the segments of all its writers as one sequence, wherever they lie. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ObjectStore, openFileStore } from "../storage/index.ts";
import type { Prediction } from "../tracking/index.ts";
import { listSegments, type Segment, segmentObject } from "./prediction-segments.ts";
import { segmentLines } from "./segment-lines.ts";

export interface ReadPredictionsOptions {
  /** Where segments lie as Parquet once they are finished; the folder itself unless given. */
  readonly store?: ObjectStore | undefined;
  /** Requests that came in at this time or later, milliseconds since 1970. */
  readonly from?: number;
  /** Requests that came in before this time. */
  readonly to?: number;
  readonly limit?: number;
  readonly order?: "oldest-first" | "newest-first";
}

/**
 * Predictions in the order in which they were answered, over all processes that wrote into `folder`; none where the
 * folder does not exist. It may be read while it is written. A line that was torn by a kill or is being written is
 * left out.
 */
export async function* readPredictions(
  folder: string,
  {
    store,
    from = -Infinity,
    to = Infinity,
    limit = Infinity,
    order = "oldest-first",
  }: ReadPredictionsOptions = {},
): AsyncGenerator<Prediction> {
  const place: Place = {
    folder,
    store: store ?? (existsSync(folder) ? await openFileStore(folder) : undefined),
  };
  const sign = order === "oldest-first" ? 1 : -1;
  let left = limit;
  for await (const prediction of merged(await openSources(place, from, sign), sign)) {
    // Whatever was answered before `from` also came in before.
    if (left <= 0 || (sign < 0 && answeredAt(prediction) < from)) return;
    if (prediction.time < from || prediction.time >= to) continue;
    left--;
    yield prediction;
  }
}

const answeredAt = ({ time, latencyMs }: Prediction): number => time + latencyMs;

interface Place {
  readonly folder: string;
  readonly store: ObjectStore | undefined;
}

/** The predictions of one writer, and where they begin in the sequence. */
interface Source {
  /** Of the head, or a bound that no prediction of the source comes before. */
  key: number;
  head: Prediction | undefined;
  readonly rest: AsyncGenerator<Prediction>;
}

async function openSources(place: Place, from: number, sign: 1 | -1): Promise<Source[]> {
  const writers = await listSegments(place.folder, place.store);
  return Promise.all(
    writers.map(async (all) => {
      // The time in a name is cut to a millisecond.
      const segments = all.filter((_, index) => (all[index + 1]?.since ?? Infinity) + 1 > from);
      const bound = sign > 0 ? segments[0]!.since : await segments.at(-1)!.until();
      return { key: sign * bound, head: undefined, rest: ofWriter(place, segments, sign) };
    }),
  );
}

/** Merges the sources by key; one is not read before its turn. */
async function* merged(sources: Source[], sign: 1 | -1): AsyncGenerator<Prediction> {
  while (sources.length > 0) {
    const first = sources.reduce((least, source) => (source.key < least.key ? source : least));
    if (first.head) yield first.head;
    const { value, done } = await first.rest.next();
    if (done) {
      sources = sources.filter((source) => source !== first);
    } else {
      first.head = value;
      first.key = sign * answeredAt(value);
    }
  }
}

async function* ofWriter(place: Place, segments: Segment[], sign: 1 | -1): AsyncGenerator<Prediction> {
  for (const segment of sign > 0 ? segments : segments.toReversed()) {
    const predictions = await readSegment(place, segment);
    yield* sign > 0 ? predictions : predictions.toReversed();
  }
}

/** From its file, or from the store where it has moved in the meantime. */
async function readSegment(place: Place, segment: Segment): Promise<Prediction[]> {
  const { folder, store } = place;
  if (segment.file !== undefined) {
    try {
      return await segmentLines(join(folder, segment.file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  const object = segment.object ?? segmentObject(segment);
  if (!store || !(await store.stat(object))) return []; // dropped for its age
  const { readParquet } = await import("./prediction-parquet.ts");
  return readParquet(await store.read(object));
}
