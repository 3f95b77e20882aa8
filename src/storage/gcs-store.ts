// Google Cloud Storage.
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type File, Storage } from "@google-cloud/storage";
import { type Bucket, bucketStore } from "./bucket.ts";
import type { ObjectStore } from "./object-store.ts";

/** What is in memory of an upload that comes piece by piece. */
const chunkBytes = 8 * 1024 * 1024;

/**
 * Opens a bucket. Credentials as all programs find them: `GOOGLE_APPLICATION_CREDENTIALS`, `gcloud auth`, the account
 * of the machine. `STORAGE_EMULATOR_HOST` names another server, which is asked without credentials.
 */
export async function openGcsStore(
  name: string,
  { prefix, emulator = process.env.STORAGE_EMULATOR_HOST }: { prefix: string; emulator?: string | undefined },
): Promise<ObjectStore> {
  return bucketStore(gcsBucket(openStorage(emulator), name), { prefix });
}

function openStorage(emulator: string | undefined): Storage {
  if (!emulator) return new Storage();
  const endpoint = new URL(/^https?:/.test(emulator) ? emulator : `http://${emulator}`).origin;
  const storage = new Storage({
    apiEndpoint: endpoint,
    projectId: "emulator",
    useAuthWithCustomEndpoint: false,
  });
  // Where the variable is set, the client takes the bare address for that of the API.
  storage.baseUrl = `${endpoint}/storage/v1`;
  return storage;
}

function gcsBucket(storage: Storage, name: string): Bucket {
  const bucket = storage.bucket(name);
  const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === 404;
  return {
    address: `gs://${name}`,
    isMissing,
    async write(key, body) {
      const file = bucket.file(key);
      if (body instanceof Uint8Array) await file.save(body, { resumable: false });
      // An upload that is not ended by its last chunk never becomes an object.
      else await pipeline(body, file.createWriteStream({ resumable: true, chunkSize: chunkBytes }));
    },
    async open(key, range) {
      const options = { decompress: false, ...(range && { start: range.start, end: range.end - 1 }) };
      const stream = bucket.file(key).createReadStream(options);
      const body = new PassThrough();
      // From the first answer on it is this generation that is read, whatever is put under the name meanwhile.
      const answered = once(stream, "response");
      const piped = pipeline(stream, body);
      // Who reads the body hears of it too.
      piped.catch(() => {});
      const [{ statusCode }] = await answered;
      if (statusCode >= 400) await piped;
      return Readable.toWeb(body, { strategy: { highWaterMark: 1 } }) as ReadableStream<Uint8Array>;
    },
    async describe(key) {
      try {
        return statOf((await bucket.file(key).getMetadata())[0]);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async *list(prefix) {
      for (const file of (await bucket.getFiles({ prefix, autoPaginate: true }))[0]) {
        if (!file.name.endsWith("/")) yield { key: file.name, ...statOf(file.metadata) };
      }
    },
    async remove(key) {
      await bucket.file(key).delete({ ignoreNotFound: true });
    },
  };
}

const statOf = ({ size, updated }: File["metadata"]) => ({
  sizeBytes: Number(size ?? 0),
  modifiedAt: updated === undefined ? 0 : new Date(updated).getTime(),
});
