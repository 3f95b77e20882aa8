/** Finds the files of a checkpoint: in a local folder, in the Hugging Face cache, or on the hub. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { getHFHubCachePath, HubApiError, modelInfo } from "@huggingface/hub";
import { CheckpointError } from "./checkpoint-error.ts";
import { describeMissing, missingFiles, pickledFiles } from "./checkpoint-files.ts";
import { downloadFiles, downloadShards, type HubCommit, sizesOf } from "./hub-commit.ts";
import { indexNameOf } from "./shard-index.ts";

export interface HubOptions {
  /** Branch, tag or commit. */
  readonly revision?: string;
  /** Where downloads are kept, in the layout of the Python library, so that both share them. */
  readonly cacheDir?: string;
  /** Such as `https://huggingface.co`; HF_ENDPOINT unless given. */
  readonly endpoint?: string | undefined;
  readonly accessToken?: string | undefined;
  /** Never asks the hub; HF_HUB_OFFLINE=1 unless given. */
  readonly offline?: boolean;
}

export interface CheckpointFiles {
  /** Weights, such as model.safetensors, may also be there in several files with an index. */
  readonly required: readonly string[];
  /** Taken where the checkpoint has them. */
  readonly optional?: readonly string[];
}

/**
 * A local folder that holds the files of a checkpoint.
 * @param name a folder, or the name of a model on the hub such as "distilbert-base-uncased"
 * @throws {CheckpointError} when a file is missing or the hub cannot be reached; says what to do
 */
export async function findCheckpoint(
  name: string,
  files: CheckpointFiles,
  options: HubOptions = {},
): Promise<string> {
  if (existsSync(name)) return requireFiles(name, files.required);
  if (/^[./~]|\\|\.\.|^[^/]+\/[^/]+\//.test(name))
    throw new CheckpointError(
      name,
      "is no folder, and no name of a model on the hub (such as distilbert-base-uncased)",
    );
  const { cacheDir = getHFHubCachePath(), revision = "main" } = options;
  const repository = join(cacheDir, `models--${name.replaceAll("/", "--")}`);
  const cached = await snapshotOf(repository, revision, files);
  if (cached?.isWhole) return cached.folder;
  try {
    return await download(name, files, { ...options, cacheDir, revision, repository });
  } catch (error) {
    if (cached) return cached.folder;
    throw error;
  }
}

async function requireFiles(folder: string, required: readonly string[]): Promise<string> {
  const missing = await missingFiles(folder, required);
  if (missing.length === 0) return folder;
  throw new CheckpointError(
    folder,
    describeMissing(missing, (file) => existsSync(join(folder, file))),
  );
}

/** The folder of a revision in the cache, where all required files were downloaded before. */
async function snapshotOf(
  repository: string,
  revision: string,
  { required, optional = [] }: CheckpointFiles,
): Promise<{ folder: string; isWhole: boolean } | undefined> {
  const reference = await readFile(join(repository, "refs", revision), "utf8").catch(() => revision);
  const folder = join(repository, "snapshots", reference.trim());
  if ((await missingFiles(folder, required)).length > 0) return undefined;
  // Other programs download only what they need, such as the weights without the tokenizer.
  const isWhole = optional.length === 0 || optional.some((file) => existsSync(join(folder, file)));
  return { folder, isWhole };
}

interface Download extends HubOptions {
  readonly cacheDir: string;
  readonly revision: string;
  readonly repository: string;
}

async function download(
  name: string,
  { required, optional = [] }: CheckpointFiles,
  options: Download,
): Promise<string> {
  const {
    endpoint = process.env.HF_ENDPOINT || "https://huggingface.co",
    accessToken = process.env.HF_TOKEN || undefined,
    offline = /^(1|on|yes|true)$/i.test(process.env.HF_HUB_OFFLINE ?? ""),
    cacheDir,
    revision,
    repository,
  } = options;
  const elsewhere = `or give a local folder: model.checkpoint=FOLDER with ${required.join(", ")}`;
  if (offline)
    throw new CheckpointError(
      name,
      `is not in ${cacheDir}, and HF_HUB_OFFLINE forbids the hub; ${elsewhere}`,
    );
  const access = { hubUrl: endpoint.replace(/\/+$/, ""), ...(accessToken && { accessToken }) };
  try {
    const { sha } = await modelInfo({ name, revision, additionalFields: ["sha"], ...access });
    const snapshot = join(repository, "snapshots", sha);
    const refusal = await downloadCheckpoint(
      { repo: name, revision: sha, cacheDir, snapshot, ...access },
      { required, optional },
    );
    if (refusal !== undefined) throw new CheckpointError(name, `${refusal} (${endpoint}); ${elsewhere}`);
    // Last, since a revision that is named counts as downloaded.
    const reference = join(repository, "refs", revision);
    await mkdir(dirname(reference), { recursive: true });
    await writeFile(reference, sha);
    return snapshot;
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    if (error instanceof HubApiError && [401, 403, 404].includes(error.statusCode))
      throw new CheckpointError(
        name,
        `${endpoint} has no such model or revision (${revision}), or it needs an access token (HF_TOKEN); ${elsewhere}`,
      );
    throw new CheckpointError(
      name,
      `is no local folder, not in ${cacheDir}, and could not be downloaded from ${endpoint} (${reasonOf(error)}); try again, set HF_ENDPOINT to a mirror, ${elsewhere}`,
      { cause: error },
    );
  }
}

/** @returns what the commit lacks, in words; nothing where it has all that is required */
async function downloadCheckpoint(
  commit: HubCommit,
  { required, optional }: Required<CheckpointFiles>,
): Promise<string | undefined> {
  const wanted = [...required, ...optional];
  const offered = await sizesOf(commit, [...wanted, ...required.map(indexNameOf), ...pickledFiles]);
  const indexes = required.filter((file) => !offered.has(file)).map(indexNameOf);
  const missing = required.filter((file) => !offered.has(file) && !offered.has(indexNameOf(file)));
  if (missing.length > 0) return describeMissing(missing, (file) => offered.has(file));
  await downloadFiles(
    commit,
    [...offered].filter(([path]) => wanted.includes(path) || indexes.includes(path)),
  );
  for (const index of indexes) missing.push(...(await downloadShards(commit, index)));
  return missing.length > 0 ? describeMissing(missing, () => false) : undefined;
}

/** What lies at the bottom: `fetch` says no more than that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
