/**
 * Names of the files of a prediction log: `2026-11-21T07-45-12.123Z_WRITER_000001.jsonl`, the time of the first
 * answer in it, the process that wrote it, and its number among the files of that process.
 */
import { readdir } from "node:fs/promises";

export interface Segment {
  readonly file: string;
  readonly writer: string;
  readonly number: number;
  /** No answer in it was given before; milliseconds since 1970. */
  readonly since: number;
}

const pattern = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d\.\d{3}Z)_([A-Za-z0-9-]+)_(\d+)\.jsonl$/;

export function segmentName({ writer, number, since }: Omit<Segment, "file">): string {
  // Windows allows no colon in a file's name.
  const time = new Date(since).toISOString().replaceAll(":", "-");
  return `${time}_${writer}_${String(number).padStart(6, "0")}.jsonl`;
}

function parseSegmentName(file: string): Segment | undefined {
  const match = pattern.exec(file);
  if (!match) return undefined;
  const [, date, hours, minutes, seconds, writer, number] = match;
  return {
    file,
    writer: writer!,
    number: Number(number),
    since: Date.parse(`${date}${hours}:${minutes}:${seconds}`),
  };
}

/** The segments of each writer in the order in which they were written; none where the folder does not exist. */
export async function listSegments(folder: string): Promise<Segment[][]> {
  let files: string[];
  try {
    files = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const segments = files.map(parseSegmentName).filter((segment) => segment !== undefined);
  const writers = Map.groupBy(segments, ({ writer }) => writer);
  return [...writers.values()].map((ofWriter) => ofWriter.sort((a, b) => a.number - b.number));
}
