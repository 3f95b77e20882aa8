/** Rows as numbers, kept on disk: what a tokenizer needs minutes for is done once for all runs. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { type Dataset, type LoadingOptions, openLoader } from "../data/index.ts";
import type { Trainable } from "../train/index.ts";
import { hashFolder } from "./hash-folder.ts";
import type { AnyTask, Splits } from "./task.ts";

export interface ExampleCacheOptions {
  /** Where the examples of earlier runs are; nowhere unless given. */
  readonly folder?: string | undefined;
  /** Folder that `Task.save` wrote. */
  readonly preparation: string;
  readonly loading?: LoadingOptions;
  readonly signal?: AbortSignal | undefined;
  /** Told what took its time. */
  readonly note?: (message: string) => void;
}

/** Rows are places among the examples: first those of the training split, then those of the validation split. */
export interface PreparedRows {
  readonly trainable: Trainable<number, unknown, unknown>;
  readonly rows: { readonly train: readonly number[]; readonly validation: readonly number[] };
  /** There is nothing left to prepare. */
  readonly loading: LoadingOptions;
}

/** Belongs to the key, so that files of another format are not read. */
const format = "examples-1";

/**
 * Prepares the training and validation split, or finds what an earlier run has made of them: by a hash of the rows
 * and of all that prepares them, such as the tokenizer and the cleaning.
 */
export async function cachedExamples(
  task: AnyTask,
  { train, validation }: Pick<Splits<unknown>, "train" | "validation">,
  options: ExampleCacheOptions,
): Promise<PreparedRows> {
  const preparation = await hashFolder(options.preparation);
  const examplesOf = (dataset: Dataset<unknown>) => findOrPrepare(task, dataset, preparation, options);
  const examples = [...(await examplesOf(train)), ...(await examplesOf(validation))];
  const rowAt = (place: number) =>
    place < train.rows.length ? train.rows[place] : validation.rows[place - train.rows.length];
  return {
    trainable: {
      prepare: (place) => examples[place],
      lengthOf: (example) => task.lengthOf(example),
      collate: (some) => task.collate(some),
      outcomes: (inputs, outputs, places) => task.outcomes(inputs, outputs, places.map(rowAt)),
      measure: (outcomes) => task.measure(outcomes),
    },
    rows: {
      train: [...train.rows.keys()],
      validation: [...validation.rows.keys()].map((i) => i + train.rows.length),
    },
    loading: { workers: 0 },
  };
}

async function findOrPrepare(
  task: AnyTask,
  { name, rows }: Dataset<unknown>,
  preparation: string,
  { folder, loading = {}, signal, note = () => {} }: ExampleCacheOptions,
): Promise<readonly unknown[]> {
  const file = folder && join(folder, `${keyOf(rows, preparation)}.bin`);
  const known = file ? await readExamples(file) : undefined;
  if (known?.length === rows.length) {
    note(`the ${rows.length} rows of ${name}: prepared by an earlier run`);
    return known;
  }
  const started = performance.now();
  const loader = openLoader(task, { [name]: rows }, { ...loading, seed: 0 });
  try {
    const examples = await loader.examples(name, { signal });
    if (folder && file) {
      await mkdir(folder, { recursive: true });
      await writeExamples(file, examples);
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    note(`the ${rows.length} rows of ${name}: prepared once, in ${seconds} s`);
    return examples;
  } finally {
    await loader.close();
  }
}

function keyOf(rows: readonly unknown[], preparation: string): string {
  const hash = createHash("sha256").update(format).update(preparation);
  for (const row of rows) hash.update(JSON.stringify(row));
  return hash.digest("hex");
}

/** Undefined where there is no such file, or none that can be read: it is made anew. */
async function readExamples(file: string): Promise<unknown[] | undefined> {
  try {
    const examples: unknown = deserialize(await readFile(file));
    return Array.isArray(examples) ? examples : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, also where two runs write the same. */
async function writeExamples(file: string, examples: readonly unknown[]): Promise<void> {
  const written = `${file}.${process.pid}`;
  await writeFile(written, serialize(examples));
  await rename(written, file);
}
