import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Json, Prediction } from "../tracking/index.ts";

/** What was parsed is JSON where it is there; `z.json()` would copy it, and lose a key like `__proto__`. */
const json = z.custom<Json>((value) => value !== undefined);

const predictionSchema = z.object({
  id: z.string(),
  project: z.string(),
  modelVersion: z.number(),
  time: z.number(),
  latencyMs: z.number(),
  input: json,
  answer: json,
  probabilities: z.array(z.number()).exactOptional(),
  label: z.string().exactOptional(),
  confidence: z.number().exactOptional(),
}) satisfies z.ZodType<Prediction>;

/** The predictions of a segment's file. A line that was torn by a kill or is being written is left out. */
export async function segmentLines(file: string): Promise<Prediction[]> {
  // A segment has a few megabytes, so it is read at once.
  return (await readFile(file, "utf8")).split("\n").flatMap((line) => {
    const prediction = parseLine(line);
    return prediction ? [prediction] : [];
  });
}

function parseLine(line: string): Prediction | undefined {
  try {
    return predictionSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
