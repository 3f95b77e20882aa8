/** Sentence pairs from the files that a configuration names. */
import { resolve } from "node:path";
import { z } from "zod";
import { type Dataset, partOfDataset, readTable, splitDataset, spreadRows } from "../data/index.ts";
import { textCleanings } from "../text/index.ts";
import type { Splits } from "./task.ts";
import { TaskError } from "./task-error.ts";
import type { SentencePair } from "./translator.ts";

const share = z.number().min(0).max(1);

export const translationDataConfig = z.strictObject({
  /** Where the files are; relative to the project. */
  folder: z.string().default("data"),
  /** Files of the splits; without one of its own, a split is a share of the training file. */
  train: z.string(),
  validation: z.string().nullable().default(null),
  test: z.string().nullable().default(null),
  shares: z
    .strictObject({ validation: share, test: share })
    .refine(({ validation, test }) => validation + test < 1, "must leave rows to train on")
    .default({ validation: 0.1, test: 0.2 }),
  /** Names of the columns. */
  source: z.string(),
  target: z.string(),
  /** A column by whose values the test split is also judged part by part, such as where a pair comes from. */
  group: z.string().nullable().default(null),
  /** How often pairs of a group are trained on in an epoch: 4 is four times each, 0.25 the first quarter of them. */
  mixture: z.record(z.string(), z.number().nonnegative()).default({}),
  /** Pairs whose source is longer are not trained on; null takes all. */
  max_characters: z.int().positive().nullable().default(null),
  /** At most so many rows of each file, spread evenly over the groups; null takes all. */
  limit: z.int().positive().nullable().default(null),
  /** What is done to a source before it is tokenized, here and in the service. */
  cleaning: z.enum(textCleanings).default("none"),
  /** Stands before each source, as T5 was taught: "translate Danish to English: ". */
  prefix: z.string().default(""),
});

export type TranslationDataConfig = z.output<typeof translationDataConfig>;

/**
 * The splits, each from its own file or, where it has none, a share of the training file that the seed draws.
 * @throws {TaskError} when columns or groups do not fit
 */
export async function readSentencePairs(
  data: TranslationDataConfig,
  { folder, seed }: { readonly folder: string; readonly seed: number },
): Promise<Splits<SentencePair>> {
  const schema = rowSchema(data);
  const read = async (name: keyof Splits<SentencePair>, file: string): Promise<Dataset<SentencePair>> => {
    const dataset = await readTable(resolve(folder, data.folder, file), schema, { name });
    return partOfDataset(
      dataset,
      spreadRows(dataset.rows, data.limit, ({ group }) => group),
    );
  };
  const whole = await read("train", data.train);
  const shares = {
    validation: data.validation === null ? data.shares.validation : 0,
    test: data.test === null ? data.shares.test : 0,
  };
  const parts = splitDataset(
    whole.rows,
    { ...shares, train: 1 - shares.validation - shares.test },
    // Each part has the groups in the same proportions.
    { seed, stratifyBy: ({ group }) => group },
  );
  const split = async (name: "validation" | "test"): Promise<Dataset<SentencePair>> =>
    data[name] === null ? partOfDataset(whole, parts[name], { name }) : read(name, data[name]);
  return {
    train: { ...whole, rows: mixed(shortEnough(parts.train, data), data) },
    validation: await split("validation"),
    test: await split("test"),
  };
}

function rowSchema({ source, target, group }: TranslationDataConfig) {
  if (source === target)
    throw new TaskError(`data.target must name another column than data.source, got ${target} for both`);
  const text = z.string().trim().min(1);
  return z
    .object({ [source]: text, [target]: text, ...(group !== null && { [group]: z.string() }) })
    .transform(
      (row): SentencePair => ({
        text: row[source]!,
        target: row[target]!,
        ...(group !== null && { group: row[group]! }),
      }),
    );
}

const shortEnough = (
  rows: readonly SentencePair[],
  { max_characters: most }: Pick<TranslationDataConfig, "max_characters">,
): readonly SentencePair[] => (most === null ? rows : rows.filter(({ text }) => text.length <= most));

/** Rows as often as the mixture says, each group in its order. */
function mixed(
  rows: readonly SentencePair[],
  { mixture, group }: Pick<TranslationDataConfig, "mixture" | "group">,
): readonly SentencePair[] {
  if (Object.keys(mixture).length === 0) return rows;
  const groups = Map.groupBy(rows, (row) => row.group ?? "");
  const unknown = Object.keys(mixture).find((name) => !groups.has(name));
  if (unknown !== undefined)
    throw new TaskError(
      group === null
        ? "data.mixture needs data.group, the column that says which group a row is of"
        : `data.mixture: no row has ${JSON.stringify(unknown)} in column ${group}; there are ${[...groups.keys()].join(", ")}`,
    );
  return [...groups].flatMap(([name, some]) => {
    const count = Math.round(some.length * (mixture[name] ?? 1));
    return Array.from({ length: count }, (_, i) => some[i % some.length]!);
  });
}
