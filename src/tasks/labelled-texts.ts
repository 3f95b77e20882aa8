/** Labelled texts from the files that a configuration names. */
import { resolve } from "node:path";
import { z } from "zod";
import { type Dataset, partOfDataset, readTable, spreadRows } from "../data/index.ts";
import { textCleanings } from "../text/index.ts";
import type { Splits } from "./task.ts";
import { TaskError } from "./task-error.ts";
import type { LabelledText } from "./text-classifier.ts";

export const textDataConfig = z.strictObject({
  /** Where the files are; relative to the project. */
  folder: z.string().default("data"),
  /** Files of the splits. */
  train: z.string(),
  validation: z.string(),
  test: z.string(),
  /** Names of the columns. */
  text: z.string(),
  label: z.string(),
  /** Names of the classes; in the data a label is such a name, or its index from 0. */
  labels: z
    .array(z.string().min(1))
    .min(2)
    .refine((labels) => new Set(labels).size === labels.length, "must differ from each other"),
  /** The label column is a score: above this the second class, otherwise the first. */
  label_threshold: z.number().nullable().default(null),
  /** Columns that stay with the rows, to be seen beside what a model got wrong. */
  keep: z.array(z.string()).default([]),
  /** At most so many rows of each file, spread evenly over the labels; null takes all. */
  limit: z.int().positive().nullable().default(null),
  /** What is done to a text before it is tokenized, here and in the service. */
  cleaning: z.enum(textCleanings).default("none"),
});

export type TextDataConfig = z.output<typeof textDataConfig>;

export async function readLabelledTexts(
  data: TextDataConfig,
  projectFolder: string,
): Promise<Splits<LabelledText>> {
  const schema = rowSchema(data);
  const read = async (name: "train" | "validation" | "test"): Promise<Dataset<LabelledText>> => {
    const dataset = await readTable(resolve(projectFolder, data.folder, data[name]), schema, { name });
    return partOfDataset(
      dataset,
      spreadRows(dataset.rows, data.limit, ({ label }) => label),
    );
  };
  return { train: await read("train"), validation: await read("validation"), test: await read("test") };
}

/** Rows as { text, label } from the columns that the configuration names; a label is a name, or its index from 0. */
function rowSchema({ text, label, labels, label_threshold: threshold, keep }: TextDataConfig) {
  if (text === label)
    throw new TaskError(`data.label must name another column than data.text, got ${label} for both`);
  if (threshold !== null && labels.length !== 2)
    throw new TaskError(
      `data.label_threshold divides scores into two classes; data.labels has ${labels.length}`,
    );
  // Where names are numbers themselves, such as stars from 1 to 5, a 0 is no index.
  const haveIndices = !labels.some((name) => /^\d+$/.test(name));
  const names = haveIndices ? [...labels, ...labels.map((_, i) => String(i))] : labels;
  const indexOf = (value: unknown): number =>
    threshold === null ? names.indexOf(String(value)) % labels.length : Number(Number(value) > threshold);
  const columns = {
    ...Object.fromEntries(keep.map((column) => [column, z.preprocess(asText, z.string())])),
    [text]: z.string().trim().min(1),
    [label]: threshold === null ? z.preprocess(asName, z.enum(names)) : z.number(),
  };
  return z.object(columns).transform((row): LabelledText => {
    const kept = keep.map((column): [string, string] => [column, String(row[column])]);
    return {
      text: String(row[text]),
      label: indexOf(row[label]),
      ...(kept.length > 0 && { kept: Object.fromEntries(kept) }),
    };
  });
}

/** JSON has numbers, Parquet has them with 64 bits. */
const asName = (label: unknown): unknown =>
  typeof label === "number" || typeof label === "bigint" ? String(label) : label;

const asText = (value: unknown): unknown =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : String(value);
