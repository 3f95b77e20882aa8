/** Features of a frozen part of a model: computed once for every row, kept in memory while training and on disk. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Dataset, type LoadingOptions, openLoader } from "../data/index.ts";
import { readSafetensors, writeSafetensors } from "../nn/index.ts";
import { compile, joinRows, type NdArray, type NdArrays, openInference, takeRows } from "../tensor/index.ts";
import type { Trainable } from "../train/index.ts";
import { hashFolder } from "./hash-folder.ts";
import type { AnyTask, FeatureGraph, Splits } from "./task.ts";

export interface CacheOptions {
  /** Where the features of earlier runs are; nowhere unless given. */
  readonly folder?: string | undefined;
  /** Folder that `Task.save` wrote. */
  readonly preparation: string;
  readonly loading?: LoadingOptions;
  readonly signal?: AbortSignal | undefined;
  /** Told what took its time. */
  readonly note?: (message: string) => void;
}

/** Rows are places in the table of features: first those of the training split, then those of the validation split. */
export interface CachedTraining {
  readonly trainable: Trainable<number, number, unknown>;
  readonly rows: { readonly train: readonly number[]; readonly validation: readonly number[] };
  /** There is nothing left to prepare. */
  readonly loading: LoadingOptions;
}

/**
 * Runs the frozen part over all rows of the training and validation split, once and for all: whatever the rows, their
 * preparation and the weights are, their features are found again by a hash of all three.
 */
export async function cachedFeatures(
  task: AnyTask,
  { train, validation }: Pick<Splits<unknown>, "train" | "validation">,
  graph: FeatureGraph,
  { folder, preparation, note = () => {}, ...options }: CacheOptions,
): Promise<CachedTraining> {
  const { bytes, inputs } = compile(graph.outputs, graph);
  const preparationHash = await hashFolder(preparation);
  const featuresOf = async (dataset: Dataset<unknown>): Promise<NdArrays> => {
    const key = createHash("sha256").update(bytes).update(preparationHash).update(dataset.hash).digest("hex");
    const file = folder && join(folder, `${key}.safetensors`);
    if (file && existsSync(file)) {
      note(`features of the ${dataset.rows.length} rows of ${dataset.name}: computed by an earlier run`);
      return Object.fromEntries((await readSafetensors(file)).tensors);
    }
    const started = performance.now();
    const program = { bytes, reads: new Set(inputs.map(({ name }) => name)) };
    const features = await computeFeatures(task, dataset, program, options);
    if (folder && file) {
      await mkdir(folder, { recursive: true });
      await writeSafetensors(file, new Map(Object.entries(features)));
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    note(`features of the ${dataset.rows.length} rows of ${dataset.name}: computed once, in ${seconds} s`);
    return features;
  };
  const table = joinTables([await featuresOf(train), await featuresOf(validation)]);
  const [trained, all] = [train.rows.length, train.rows.length + validation.rows.length];
  const rowAt = (place: number) => (place < trained ? train.rows[place] : validation.rows[place - trained]);
  return {
    trainable: {
      prepare: (place) => place,
      lengthOf: () => 1,
      collate: (places) => mapValues(table, (array) => takeRows(array, places)),
      outcomes: (inputs, outputs, places) => task.outcomes(inputs, outputs, places.map(rowAt)),
      measure: (outcomes) => task.measure(outcomes),
    },
    rows: { train: range(0, trained), validation: range(trained, all) },
    loading: { workers: 0 },
  };
}

/** Rows that pass through the frozen part at a time. */
const batchSize = 32;

/** The program's outputs for all rows of a dataset, and what `collate` gives beside its inputs: targets. */
async function computeFeatures(
  task: AnyTask,
  { name, rows }: Dataset<unknown>,
  { bytes, reads }: { readonly bytes: Uint8Array; readonly reads: ReadonlySet<string> },
  { loading = {}, signal }: Pick<CacheOptions, "loading" | "signal">,
): Promise<NdArrays> {
  // Without the random changes of training, whose features differ in every epoch.
  const { prepareForTraining: _, ...preparation } = task;
  const loader = openLoader(preparation, { [name]: rows }, { ...loading, seed: 0 });
  const session = await openInference(bytes);
  try {
    const groups = range(0, Math.ceil(rows.length / batchSize)).map((i) =>
      range(i * batchSize, Math.min((i + 1) * batchSize, rows.length)),
    );
    const parts: NdArrays[] = [];
    for await (const { inputs } of loader.batches(name, groups)) {
      signal?.throwIfAborted();
      const entries = Object.entries(inputs);
      const given = Object.fromEntries(entries.filter(([name]) => reads.has(name)));
      const kept = Object.fromEntries(entries.filter(([name]) => !reads.has(name)));
      parts.push({ ...(await session.run(given)), ...kept });
    }
    return joinTables(parts as [NdArrays, ...NdArrays[]]);
  } finally {
    await session.close();
    await loader.close();
  }
}

/** Stacks tables with the same columns. */
const joinTables = (tables: readonly [NdArrays, ...NdArrays[]]): NdArrays =>
  mapValues(tables[0], (_, name) => {
    const [first, ...rest] = tables;
    return joinRows([first[name]!, ...rest.map((table) => table[name]!)]);
  });

const mapValues = (arrays: NdArrays, change: (array: NdArray, name: string) => NdArray): NdArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, change(array, name)]));

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
