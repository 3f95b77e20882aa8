/** Which files of a checkpoint a folder has, and what to say of those that it lacks. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { indexNameOf, readShardIndex } from "./shard-index.ts";

/** What PyTorch writes instead: reading it would run code that is in it. */
export const pickledFiles = ["pytorch_model.bin", "pytorch_model.bin.index.json"] as const;

/**
 * Those of the files that a folder lacks. Weights are there too if an index and all files that it names are there.
 * @throws {CheckpointError} when an index cannot be read
 */
export async function missingFiles(folder: string, required: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const file of required) {
    if (existsSync(join(folder, file))) continue;
    const index = indexNameOf(file);
    if (!existsSync(join(folder, index))) missing.push(file);
    else missing.push(...(await missingShards(folder, index)));
  }
  return missing;
}

async function missingShards(folder: string, index: string): Promise<string[]> {
  const shards = new Set((await readShardIndex(join(folder, index))).values());
  return [...shards]
    .filter((shard) => !existsSync(join(folder, shard)))
    .map((shard) => `${shard} (named by ${index})`);
}

/** Says what is missing; where PyTorch's file is there in its place, how to convert that. */
export function describeMissing(missing: readonly string[], has: (file: string) => boolean): string {
  const pickled = missing.includes("model.safetensors") ? pickledFiles.find(has) : undefined;
  return pickled === undefined
    ? `lacks ${missing.join(", ")}`
    : `has ${pickled} but no model.safetensors; convert it once in Python: AutoModel.from_pretrained(".").save_pretrained(".")`;
}
