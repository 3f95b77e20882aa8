// What object stores in buckets have in common: names below a prefix, ranges, sources that may break off.
import { Readable } from "node:stream";
import { objectName } from "./object-name.ts";
import type { ByteRange, ObjectSource, ObjectStat, ObjectStore } from "./object-store.ts";
import { StorageError } from "./storage-error.ts";

/** What one cloud does in its own way. Names are those of the bucket. Errors may be the client's own. */
export interface Bucket {
  /** `s3://bucket`, for messages. */
  readonly address: string;
  /** Writes all of it or, when the body fails, nothing. */
  write(key: string, body: Readable | Uint8Array): Promise<void>;
  /** The bytes from `start` to before `end`; all of them without a range. */
  open(key: string, range?: { start: number; end: number }): Promise<ReadableStream<Uint8Array>>;
  /** `undefined` where there is none. */
  describe(key: string): Promise<Omit<ObjectStat, "name"> | undefined>;
  /** All objects whose keys start with `prefix`, page after page. */
  list(prefix: string): AsyncIterable<{ key: string } & Omit<ObjectStat, "name">>;
  remove(key: string): Promise<void>;
  /** Whether the client says that there is no such object. */
  isMissing(error: unknown): boolean;
}

/** Bytes under names in a bucket, below `prefix`. */
export function bucketStore(bucket: Bucket, { prefix }: { prefix: string }): ObjectStore {
  const base = prefix === "" ? "" : `${objectName(prefix)}/`;
  const keyOf = (name: string) => base + objectName(name);

  /** Does something, and says in our words what the cloud has against it. */
  async function attempt<T>(name: string, what: () => Promise<T>): Promise<T> {
    try {
      return await what();
    } catch (error) {
      if (error instanceof StorageError) throw error;
      if (bucket.isMissing(error)) throw notFound(name, error);
      throw unavailable(bucket.address, name, error);
    }
  }

  const stat = (name: string) =>
    attempt(name, async () => {
      const found = await bucket.describe(keyOf(name));
      return found && { name, ...found };
    });

  async function rangeOf(name: string, { start, end }: ByteRange) {
    const size = (await stat(name))?.sizeBytes;
    if (size === undefined) throw notFound(name);
    const last = Math.min(end ?? size, size);
    const isSensible =
      Number.isSafeInteger(start) && Number.isSafeInteger(last) && start >= 0 && start <= (end ?? size);
    if (isSensible && start <= size) return { start, end: last };
    const message = `object ${name} has ${size} bytes; bytes ${start} to ${end ?? size} cannot be read`;
    throw new StorageError("invalid-range", name, message);
  }

  async function get(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    const key = keyOf(name);
    const clamped = range && (await rangeOf(name, range));
    if (clamped && clamped.start === clamped.end)
      return new ReadableStream({ start: (controller) => controller.close() });
    return attempt(name, () => bucket.open(key, clamped));
  }

  return {
    async put(name, source) {
      const key = keyOf(name);
      const { body, broken } = watched(source, name);
      await attempt(name, () =>
        bucket.write(key, body).catch((error) => {
          throw broken() ?? error;
        }),
      );
      const written = await stat(name);
      if (written) return written;
      throw notFound(name);
    },
    get,
    async read(name) {
      return new Uint8Array(await new Response(await get(name)).arrayBuffer());
    },
    stat,
    async list(start = "") {
      const folder = start.split("/").slice(0, -1).join("/");
      if (folder !== "" || start.startsWith("/")) objectName(folder);
      return attempt(start, async () => {
        const found: ObjectStat[] = [];
        for await (const { key, ...rest } of bucket.list(base + start))
          found.push({ name: key.slice(base.length), ...rest });
        return found.sort((a, b) => (a.name < b.name ? -1 : 1));
      });
    },
    delete: async (name) => {
      const key = keyOf(name);
      await attempt(name, () => bucket.remove(key));
    },
  };
}

/** A source for the client, and what broke it off: clients wrap that in errors of their own. */
function watched(source: ObjectSource, name: string) {
  let failure: StorageError | undefined;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      yield* source as AsyncIterable<Uint8Array>;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `object ${name} was not written, its source broke off: ${reason}`;
      failure = new StorageError("broken-source", name, message, { cause });
      throw failure;
    }
  }
  const body = source instanceof Uint8Array ? source : Readable.from(pieces(), { objectMode: false });
  return { body, broken: () => failure };
}

const notFound = (name: string, cause?: unknown) =>
  new StorageError("not-found", name, `there is no object ${name}`, { cause });

function unavailable(address: string, name: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  const what = name === "" ? "" : `, object ${name}`;
  return new StorageError("unavailable", name, `the store ${address}${what}: ${reason}`, { cause });
}
