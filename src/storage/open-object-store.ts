import path from "node:path";
import { fileURLToPath } from "node:url";
import { openFileStore } from "./file-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { StorageError } from "./storage-error.ts";

/**
 * Opens a store by its address: `file:DIR`, `s3://bucket/prefix` or `gs://bucket/prefix`. Credentials and other
 * endpoints come from the usual variables of each cloud; its client is loaded only here.
 *
 * @throws {StorageError} `invalid-name` for another address
 */
export async function openObjectStore(address: string): Promise<ObjectStore> {
  const [, kind, rest = ""] = /^(file|s3|gs):(.*)$/s.exec(address) ?? [];
  if (kind === "file")
    return openFileStore(rest.startsWith("//") ? fileURLToPath(address) : path.resolve(rest));
  const [, bucket, prefix = ""] = /^\/\/([^/]+)(?:\/(.*?))?\/*$/s.exec(rest) ?? [];
  if (kind === undefined || bucket === undefined) {
    const message = "a store is file:DIR, s3://bucket/prefix or gs://bucket/prefix";
    throw new StorageError(
      "invalid-name",
      address,
      `${message}, got ${JSON.stringify(address.slice(0, 200))}`,
    );
  }
  if (kind === "s3") return (await import("./s3-store.ts")).openS3Store(bucket, { prefix });
  return (await import("./gcs-store.ts")).openGcsStore(bucket, { prefix });
}
