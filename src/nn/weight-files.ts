/** The weights of a checkpoint: one safetensors file, or several with an index. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type NdArray, sizeOf } from "../tensor/index.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { type OpenSafetensors, openSafetensors, writeSafetensors } from "./safetensors.ts";
import { formatShardIndex, indexNameOf, readShardIndex, shardName } from "./shard-index.ts";

/** Weights that can be read tensor by tensor, wherever each lies. */
export interface OpenWeights extends Pick<OpenSafetensors, "entries" | "read" | "close"> {
  /** The file that holds a tensor; for one that no file holds, what says so: the only file, or the index. */
  pathOf(tensor: string): string;
}

/**
 * Opens the weights of a folder: `file`, or where it is not there the files that its index names.
 * @throws {CheckpointError} when a file is missing, damaged, or lacks a tensor that the index places in it
 */
export async function openWeights(folder: string, file = "model.safetensors"): Promise<OpenWeights> {
  const path = join(folder, file);
  const index = join(folder, indexNameOf(file));
  if (!existsSync(path) && existsSync(index)) return openShards(folder, index);
  return { ...(await openSafetensors(path)), pathOf: () => path };
}

async function openShards(folder: string, index: string): Promise<OpenWeights> {
  const places = await readShardIndex(index);
  const shards = new Map<string, OpenSafetensors>();
  const close = async () => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    for (const name of new Set(places.values())) {
      if (!existsSync(join(folder, name)))
        throw new CheckpointError(
          index,
          `names ${name}, which is missing beside it: copy or download it too`,
        );
      shards.set(name, await openSafetensors(join(folder, name)));
    }
    const entries = entriesOf(folder, index, places, shards);
    const shardOf = (tensor: string) => entries.get(tensor)?.shard ?? shards.values().next().value!;
    return {
      entries,
      read: (tensor) => shardOf(tensor).read(tensor),
      pathOf: (tensor) => entries.get(tensor)?.path ?? index,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** All tensors of the shards; of one that is in several, the index says which counts. */
function entriesOf(
  folder: string,
  index: string,
  places: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, OpenSafetensors>,
) {
  const found = [...shards].flatMap(([name, shard]) =>
    [...shard.entries]
      .filter(([tensor]) => (places.get(tensor) ?? name) === name)
      .map(([tensor, entry]) => [tensor, { ...entry, shard, path: join(folder, name) }] as const),
  );
  const entries = new Map(found);
  for (const [tensor, name] of places)
    if (!entries.has(tensor))
      throw new CheckpointError(join(folder, name), `is missing, though ${basename(index)} places it here`, {
        tensor,
      });
  return entries;
}

export interface WriteWeightsOptions {
  /**
   * Tensors beyond so many bytes are written to several files with an index; a tensor that is larger alone has one of
   * its own. 5 GB unless given, as huggingface_hub splits models.
   */
  readonly maxShardBytes?: number;
}

/**
 * Writes the weights of a folder in one file or in several, as transformers' `save_pretrained` does, and removes those
 * that the folder had before.
 */
export async function writeWeights(
  folder: string,
  tensors: ReadonlyMap<string, NdArray>,
  { maxShardBytes = 5e9 }: WriteWeightsOptions = {},
): Promise<void> {
  const file = "model.safetensors";
  const shards = splitIntoShards(tensors, maxShardBytes);
  const names = shards.map((_, i) => (shards.length === 1 ? file : shardName(file, i, shards.length)));
  for (const [i, shard] of shards.entries())
    await writeSafetensors(join(folder, names[i]!), shard, { metadata: { format: "pt" } });
  if (shards.length > 1) {
    const places = new Map(
      shards.flatMap((shard, i) => [...shard.keys()].map((tensor) => [tensor, names[i]!])),
    );
    const arrays = [...tensors.values()];
    const text = formatShardIndex(places, {
      total_parameters: arrays.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      total_size: arrays.reduce((sum, { data }) => sum + data.byteLength, 0),
    });
    // Behind the files that it names, whole or not at all.
    const temporary = join(folder, `${file}.${randomUUID()}.tmp`);
    await writeFile(temporary, text);
    await rename(temporary, join(folder, indexNameOf(file)));
    names.push(indexNameOf(file));
  }
  await removeOthers(folder, names);
}

/** In the order given; a file ends where the next tensor would make it too large. */
function splitIntoShards(tensors: ReadonlyMap<string, NdArray>, maxBytes: number): Map<string, NdArray>[] {
  const shards: Map<string, NdArray>[] = [];
  let current = new Map<string, NdArray>();
  let size = 0;
  for (const [name, array] of tensors) {
    const { byteLength } = array.data;
    if (byteLength > maxBytes) {
      shards.push(new Map([[name, array]]));
      continue;
    }
    if (size + byteLength > maxBytes) {
      shards.push(current);
      current = new Map();
      size = 0;
    }
    current.set(name, array);
    size += byteLength;
  }
  return current.size > 0 || shards.length === 0 ? [...shards, current] : shards;
}

/** Weights of an earlier model: a reader would take the file for the index, or shards that nothing names stay behind. */
async function removeOthers(folder: string, written: readonly string[]): Promise<void> {
  const isWeights = (name: string) => /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/.test(name);
  for (const name of await readdir(folder))
    if (isWeights(name) && !written.includes(name)) await rm(join(folder, name));
}
