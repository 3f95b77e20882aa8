/** One commit of a model on the Hugging Face hub, and its files in the local cache. */
import { existsSync } from "node:fs";
import { realpath, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { downloadFileToCacheDir, pathsInfo } from "@huggingface/hub";
import { readShardIndex } from "./shard-index.ts";

export interface HubCommit {
  /** Name of the model. */
  readonly repo: string;
  /** Hash of the commit. */
  readonly revision: string;
  readonly hubUrl: string;
  readonly accessToken?: string;
  readonly cacheDir: string;
  /** Folder of the commit in the cache. */
  readonly snapshot: string;
}

/** Sizes in bytes of those of the files that the commit has. */
export async function sizesOf(commit: HubCommit, paths: readonly string[]): Promise<Map<string, number>> {
  const found = await pathsInfo({ ...commit, paths: [...paths] });
  return new Map(found.map(({ path, size }) => [path, size]));
}

/** Brings files into the cache that are not there yet. */
export async function downloadFiles(
  commit: HubCommit,
  sizes: Iterable<readonly [string, number]>,
): Promise<void> {
  for (const [path, size] of sizes)
    if (!existsSync(join(commit.snapshot, path)))
      await requireSize(await downloadFileToCacheDir({ ...commit, path }), size);
}

/**
 * Brings the files into the cache that a downloaded index names.
 * @returns those that the commit does not have
 */
export async function downloadShards(commit: HubCommit, index: string): Promise<string[]> {
  const shards = [...new Set((await readShardIndex(join(commit.snapshot, index))).values())];
  const sizes = await sizesOf(commit, shards);
  await downloadFiles(commit, sizes);
  return shards.filter((shard) => !sizes.has(shard)).map((shard) => `${shard} (named by ${index})`);
}

/** A server that ends an answer too early, but in order, is not noticed by the library. */
async function requireSize(path: string, sizeBytes: number): Promise<void> {
  const { size } = await stat(path);
  if (size === sizeBytes) return;
  await rm(await realpath(path), { force: true });
  await rm(path, { force: true });
  throw new Error(`${basename(path)} must have ${sizeBytes} bytes, got ${size}`);
}
