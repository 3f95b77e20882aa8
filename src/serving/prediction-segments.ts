/**
 * Names of the files of a prediction log: `2026-11-21T07-45-12.123Z_WRITER_000001.jsonl`, the time of the first
 * answer in it, the process that wrote it, and its number among the files of that process. In the store the same
 * segment is `date=2026-11-21/2026-11-21T07-45-12.123Z_WRITER_000001.parquet`: one for one, so that a segment that is in
 * both places is known to be the same, whenever a process was killed.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectStore } from "../storage/index.ts";
import { dayOf } from "./logged-input.ts";

export interface SegmentName {
  readonly writer: string;
  readonly number: number;
  /** No answer in it was given before; milliseconds since 1970. */
  readonly since: number;
}

export interface Segment extends SegmentName {
  /** Name of its file in the folder, while it is there. */
  readonly file?: string;
  /** Name of its object in the store, once it is there. */
  readonly object?: string;
  /** No answer in it was given after this time. */
  until(): Promise<number>;
}

const pattern = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d\.\d{3}Z)_([A-Za-z0-9-]+)_(\d+)\.(?:jsonl|parquet)$/;
/** Folder of a day among the objects; the form that DuckDB and Spark read as a column `date`. */
const dayPrefix = "date=";

export function segmentName({ writer, number, since }: SegmentName): string {
  // Windows allows no colon in a file's name.
  const time = new Date(since).toISOString().replaceAll(":", "-");
  return `${time}_${writer}_${String(number).padStart(6, "0")}.jsonl`;
}

export const segmentObject = (segment: SegmentName): string =>
  `${dayPrefix}${dayOf(segment.since)}/${segmentName(segment).replace(/jsonl$/, "parquet")}`;

function parseSegmentName(file: string): SegmentName | undefined {
  const match = pattern.exec(file);
  if (!match) return undefined;
  const [, date, hours, minutes, seconds, writer, number] = match;
  return {
    writer: writer!,
    number: Number(number),
    since: Date.parse(`${date}${hours}:${minutes}:${seconds}`),
  };
}

/** Segments in the folder; none where it does not exist. */
export async function segmentsInFolder(folder: string): Promise<(Segment & { readonly file: string })[]> {
  let files: string[];
  try {
    files = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return files
    .filter((file) => file.endsWith(".jsonl"))
    .flatMap((file) => {
      const name = parseSegmentName(file);
      // A file is last changed after the last answer in it.
      const until = async () => (await stat(join(folder, file))).mtimeMs;
      return name ? [{ ...name, file, until }] : [];
    });
}

export async function segmentsInStore(
  store: ObjectStore,
): Promise<(Segment & { readonly object: string })[]> {
  const objects = await store.list(dayPrefix);
  return objects.flatMap(({ name, modifiedAt }) => {
    const parsed = parseSegmentName(name.slice(name.indexOf("/") + 1));
    return parsed ? [{ ...parsed, object: name, until: async () => modifiedAt }] : [];
  });
}

/** The segments of each writer in the order in which they were written, each once. */
export async function listSegments(folder: string, store: ObjectStore | undefined): Promise<Segment[][]> {
  // The folder first: what moves to the store meanwhile is then seen twice, and not nowhere.
  const inFolder = await segmentsInFolder(folder);
  const inStore = store ? await segmentsInStore(store) : [];
  const writers = Map.groupBy<string, Segment>([...inStore, ...inFolder], ({ writer }) => writer);
  return [...writers.values()].map((segments) => {
    const byNumber = new Map<number, Segment>();
    for (const segment of segments)
      byNumber.set(segment.number, { ...byNumber.get(segment.number), ...segment });
    return [...byNumber.values()].sort((a, b) => a.number - b.number);
  });
}
