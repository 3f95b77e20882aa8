/** Finds the files of a checkpoint: in a local folder, in the Hugging Face cache, or on the hub. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { downloadFileToCacheDir, getHFHubCachePath, HubApiError, modelInfo } from "@huggingface/hub";
import { CheckpointError } from "./checkpoint-error.ts";

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
  const cached = await snapshotOf(repository, revision);
  if (cached && files.required.every((file) => existsSync(join(cached, file)))) return cached;
  return download(name, files, { ...options, cacheDir, revision, repository });
}

function requireFiles(folder: string, required: readonly string[]): string {
  const missing = required.filter((file) => !existsSync(join(folder, file)));
  if (missing.length === 0) return folder;
  if (missing.includes("model.safetensors") && existsSync(join(folder, "pytorch_model.bin")))
    throw new CheckpointError(
      folder,
      'has pytorch_model.bin but no model.safetensors; convert it once in Python: AutoModel.from_pretrained(".").save_pretrained(".")',
    );
  throw new CheckpointError(folder, `lacks ${missing.join(", ")}`);
}

/** The folder of a revision in the cache, where it was downloaded before. */
async function snapshotOf(repository: string, revision: string): Promise<string | undefined> {
  const reference = await readFile(join(repository, "refs", revision), "utf8").catch(() => revision);
  const folder = join(repository, "snapshots", reference.trim());
  return existsSync(folder) ? folder : undefined;
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
    endpoint = process.env.HF_ENDPOINT ?? "https://huggingface.co",
    accessToken = process.env.HF_TOKEN,
    offline = process.env.HF_HUB_OFFLINE === "1",
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
  const access = { hubUrl: endpoint, ...(accessToken && { accessToken }) };
  try {
    const { sha } = await modelInfo({ name, revision, additionalFields: ["sha"], ...access });
    const fetchFile = (path: string) =>
      downloadFileToCacheDir({ repo: name, path, revision: sha, cacheDir, ...access });
    for (const path of required) await fetchFile(path);
    for (const path of optional) await fetchFile(path).catch(() => undefined);
    await mkdir(join(repository, "refs"), { recursive: true });
    await writeFile(join(repository, "refs", revision), sha);
    return join(repository, "snapshots", sha);
  } catch (error) {
    if (error instanceof HubApiError && [401, 403, 404].includes(error.statusCode))
      throw new CheckpointError(
        name,
        `${endpoint} has no such model, or it needs an access token (HF_TOKEN); ${elsewhere}`,
      );
    const reason =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
    throw new CheckpointError(
      name,
      `is no local folder, not in ${cacheDir}, and ${endpoint} cannot be reached (${reason}); set HF_ENDPOINT to a mirror, ${elsewhere}`,
    );
  }
}
