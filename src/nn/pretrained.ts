/** Checkpoints in Hugging Face's layout: a folder with config.json and model.safetensors, whole or in shards. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NdArray, Parameter } from "../tensor/index.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { Counter, computedTensor } from "./counter.ts";
import { initialize } from "./module.ts";
import { type OpenWeights, openWeights, type WriteWeightsOptions, writeWeights } from "./weight-files.ts";

type Weights = Map<string, NdArray<"float32">>;

/** @throws {CheckpointError} when config.json is missing or no JSON object */
export async function readModelConfig(folder: string): Promise<Record<string, unknown>> {
  const file = join(folder, "config.json");
  try {
    const config: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof config === "object" && config !== null && !Array.isArray(config))
      return config as Record<string, unknown>;
  } catch (error) {
    throw new CheckpointError(file, `cannot be read: ${(error as Error).message}`);
  }
  throw new CheckpointError(file, "must be a JSON object");
}

export interface LoadOptions {
  /** The part that pretrained checkpoints share, such as "distilbert": its parameters must be there. Empty: no head is new. */
  readonly base: string;
  /** Draws first values of what the checkpoint does not have: a new head. */
  readonly random: () => number;
  /** The checkpoint's name of a parameter; unless given, its own, which a checkpoint of the bare base may shorten. */
  readonly storedName?: (name: string) => string;
  /** model.safetensors unless given; where it is not there, the shards of its index. */
  readonly file?: string;
}

export interface LoadedWeights {
  readonly weights: Weights;
  /** Parameters that the checkpoint does not have, or has for another number of classes, with first values. */
  readonly fresh: readonly string[];
  /** Tensors of the checkpoint that the model does not use, such as a language-model head. */
  readonly unused: readonly string[];
}

/**
 * Values for every parameter from a checkpoint's model.safetensors, or its shards. A head for another number of classes
 * is replaced by a new one. Counters that it does not have start at 0.
 * @throws {CheckpointError} when a parameter below `base` is missing or has another shape
 */
export async function loadWeights(
  folder: string,
  parameters: ReadonlyMap<string, Parameter>,
  { base, random, storedName, file: fileName }: LoadOptions,
): Promise<LoadedWeights> {
  const file = await openWeights(folder, fileName);
  try {
    // A checkpoint of the bare base model names its tensors without the base's prefix.
    const isBare = ![...file.entries.keys()].some((name) => name.startsWith(`${base}.`));
    const shortened = (name: string) =>
      isBare && name.startsWith(`${base}.`) ? name.slice(base.length + 1) : name;
    const stored = storedName ?? shortened;
    const isFresh = ([name, parameter]: readonly [string, Parameter]) => {
      const entry = file.entries.get(stored(name));
      if (name.startsWith(`${base}.`)) return !entry && parameter instanceof Counter;
      return !entry || (base !== "" && !sameElements(entry.shape, parameter.shape));
    };
    const missing = new Map([...parameters].filter(isFresh));
    const weights: Weights = initialize(missing, random);
    const ordered: Weights = new Map();
    for (const [name, parameter] of parameters)
      ordered.set(name, weights.get(name) ?? (await read(file, stored(name), parameter)));
    const used = new Set([...parameters.keys()].map(stored));
    const fresh = [...missing.keys()];
    return { weights: ordered, fresh, unused: [...file.entries.keys()].filter((name) => !used.has(name)) };
  } finally {
    await file.close();
  }
}

async function read(file: OpenWeights, tensor: string, parameter: Parameter): Promise<NdArray<"float32">> {
  const { shape } = parameter;
  const entry = file.entries.get(tensor);
  const path = file.pathOf(tensor);
  if (!entry) throw new CheckpointError(path, `of shape [${shape.join(", ")}] is missing`, { tensor });
  if (!sameElements(entry.shape, shape))
    throw new CheckpointError(
      path,
      `must have shape [${shape.join(", ")}], got [${entry.shape.join(", ")}]`,
      { tensor },
    );
  const array = await file.read(tensor);
  const values = computedTensor(parameter, array);
  if (!values) throw new CheckpointError(path, `must be a float, got ${array.dtype}`, { tensor });
  return { ...values, shape };
}

/** Equal but for axes of size 1 at the end: a convolution of one pixel is a linear layer. */
function sameElements(a: readonly number[], b: readonly number[]): boolean {
  const core = (shape: readonly number[]) => shape.slice(0, shape.findLastIndex((dim) => dim !== 1) + 1);
  return core(a).join() === core(b).join();
}

/** Writes a folder that `from_pretrained` of the Python library reads; of models with counters, `storedTensors`. */
export async function savePretrained(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  weights: ReadonlyMap<string, NdArray>,
  options: WriteWeightsOptions = {},
): Promise<void> {
  await writeFile(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  await writeWeights(folder, weights, options);
}
