/** Reading a prediction log: the segments of all its writers as one sequence. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Prediction } from "../tracking/index.ts";
import { listSegments, type Segment } from "./prediction-segments.ts";

export interface ReadPredictionsOptions {
  /** Requests that came in at this time or later, milliseconds since 1970. */
  readonly from?: number;
  /** Requests that came in before this time. */
  readonly to?: number;
  readonly limit?: number;
  readonly order?: "oldest-first" | "newest-first";
}

const predictionSchema = z.object({
  id: z.string(),
  project: z.string(),
  modelVersion: z.number(),
  time: z.number(),
  latencyMs: z.number(),
  input: z.json(),
  answer: z.json(),
  probabilities: z.array(z.number()).exactOptional(),
}) satisfies z.ZodType<Prediction>;

/**
 * Predictions in the order in which they were answered, over all processes that wrote into `folder`; none where the
 * folder does not exist. It may be read while it is written. A line that was torn by a kill or is being written is
 * left out.
 */
export async function* readPredictions(
  folder: string,
  { from = -Infinity, to = Infinity, limit = Infinity, order = "oldest-first" }: ReadPredictionsOptions = {},
): AsyncGenerator<Prediction> {
  const sign = order === "oldest-first" ? 1 : -1;
  let left = limit;
  for await (const prediction of merged(await openSources(folder, from, sign), sign)) {
    // Whatever was answered before `from` also came in before.
    if (left <= 0 || (sign < 0 && answeredAt(prediction) < from)) return;
    if (prediction.time < from || prediction.time >= to) continue;
    left--;
    yield prediction;
  }
}

const answeredAt = ({ time, latencyMs }: Prediction): number => time + latencyMs;

/** The predictions of one writer, and where they begin in the sequence. */
interface Source {
  /** Of the head, or a bound that no prediction of the source comes before. */
  key: number;
  head: Prediction | undefined;
  readonly rest: AsyncGenerator<Prediction>;
}

async function openSources(folder: string, from: number, sign: 1 | -1): Promise<Source[]> {
  const writers = await listSegments(folder);
  return Promise.all(
    writers.map(async (all) => {
      // The time in a name is cut to a millisecond.
      const segments = all.filter((_, index) => (all[index + 1]?.since ?? Infinity) + 1 > from);
      // A file is last changed after the last answer in it.
      const bound = sign > 0 ? segments[0]!.since : (await stat(join(folder, segments.at(-1)!.file))).mtimeMs;
      return { key: sign * bound, head: undefined, rest: ofWriter(folder, segments, sign) };
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

async function* ofWriter(folder: string, segments: Segment[], sign: 1 | -1): AsyncGenerator<Prediction> {
  for (const { file } of sign > 0 ? segments : segments.toReversed()) {
    // A segment has a few megabytes, so it is read at once.
    const lines = (await readFile(join(folder, file), "utf8")).split("\n");
    for (const line of sign > 0 ? lines : lines.reverse()) {
      const prediction = parseLine(line);
      if (prediction) yield prediction;
    }
  }
}

function parseLine(line: string): Prediction | undefined {
  try {
    return predictionSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
