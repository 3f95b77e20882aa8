/** Predictions as a Parquet file: a row for each, in the order in which they were answered. */
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetWriteBuffer } from "hyparquet-writer";
import { z } from "zod";
import type { Json, Prediction } from "../tracking/index.ts";

/** The columns in the words of Parquet. `input` and `answer` are JSON. */
const schema: Parameters<typeof parquetWriteBuffer>[0]["schema"] = [
  { name: "root", num_children: 10 },
  { name: "id", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  { name: "project", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  { name: "model_version", type: "INT32", repetition_type: "REQUIRED" },
  { name: "time", type: "INT64", converted_type: "TIMESTAMP_MILLIS", repetition_type: "REQUIRED" },
  { name: "latency_ms", type: "DOUBLE", repetition_type: "REQUIRED" },
  { name: "input", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  { name: "answer", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  { name: "probabilities", converted_type: "LIST", repetition_type: "OPTIONAL", num_children: 1 },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  { name: "element", type: "DOUBLE", repetition_type: "REQUIRED" },
  { name: "label", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
  { name: "confidence", type: "DOUBLE", repetition_type: "OPTIONAL" },
];

export function writePredictions(predictions: readonly Prediction[]): Uint8Array {
  const column = (name: string, value: (prediction: Prediction) => unknown) => ({
    name,
    data: predictions.map(value),
  });
  const columnData = [
    column("id", ({ id }) => id),
    column("project", ({ project }) => project),
    column("model_version", ({ modelVersion }) => modelVersion),
    column("time", ({ time }) => new Date(time)),
    column("latency_ms", ({ latencyMs }) => latencyMs),
    column("input", ({ input }) => JSON.stringify(input)),
    column("answer", ({ answer }) => JSON.stringify(answer)),
    column("probabilities", ({ probabilities }) => probabilities ?? null),
    column("label", ({ label }) => label ?? null),
    column("confidence", ({ confidence }) => confidence ?? null),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, ...(schema && { schema }) }));
}

/** What was parsed is JSON; `z.json()` would copy it, and lose a key like `__proto__`. */
const json = z.string().transform((text): Json => JSON.parse(text));
const rowSchema = z
  .object({
    id: z.string(),
    project: z.string(),
    model_version: z.number(),
    time: z.date(),
    latency_ms: z.number(),
    input: json,
    answer: json,
    probabilities: z.array(z.number()).nullish(),
    label: z.string().nullish(),
    confidence: z.number().nullish(),
  })
  .transform(
    ({ model_version, latency_ms, time, probabilities, label, confidence, ...row }): Prediction => ({
      ...row,
      modelVersion: model_version,
      time: time.getTime(),
      latencyMs: latency_ms,
      ...(probabilities && { probabilities }),
      ...(typeof label === "string" && { label }),
      ...(typeof confidence === "number" && { confidence }),
    }),
  );

export async function readParquet(bytes: Uint8Array): Promise<Prediction[]> {
  const file = new Uint8Array(bytes).buffer;
  return (await parquetReadObjects({ file, compressors })).map((row) => rowSchema.parse(row));
}
