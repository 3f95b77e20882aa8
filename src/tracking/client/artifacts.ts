// The files of a run behind an MLflow server: its `mlflow-artifacts` proxy as an object store.
import { z } from "zod";
import {
  type ByteRange,
  type ObjectSource,
  type ObjectStat,
  type ObjectStore,
  objectName,
  StorageError,
} from "../../storage/index.ts";
import { StoreError } from "../store-error.ts";
import type { Connection } from "./connection.ts";

const proxy = "/api/2.0/mlflow-artifacts/artifacts";

const listing = z.object({
  files: z
    .array(
      z.object({
        path: z.string(),
        is_dir: z.boolean().default(false),
        file_size: z.coerce.number().optional(),
      }),
    )
    .default([]),
});

/**
 * Files below a folder of the proxy. What is put is sent as it comes, piece by piece. The protocol knows no times:
 * `modifiedAt` is 0.
 *
 * @param root the folder: what follows `mlflow-artifacts:/` in the URI of the run's files
 */
export function remoteArtifacts({ request }: Connection, root: () => Promise<string>): ObjectStore {
  const pathOf = async (name: string) =>
    [await root(), ...objectName(name).split("/")].map(encodePart).join("/");

  /** One level of a folder. */
  async function children(folder: string): Promise<z.output<typeof listing>["files"]> {
    const path = [await root(), ...(folder === "" ? [] : folder.split("/"))].join("/");
    const response = await request("GET", `${proxy}?path=${encodeURIComponent(path)}`, {
      accept: [404, 500],
    });
    // The original fails where the folder is not there; a run that never had a file has none.
    if (!response.ok) {
      await response.body?.cancel();
      return [];
    }
    return listing.parse(await response.json()).files;
  }

  async function walk(folder: string, prefix: string): Promise<ObjectStat[]> {
    const found: ObjectStat[] = [];
    for (const { path, is_dir, file_size = 0 } of await children(folder)) {
      const name = folder === "" ? path : `${folder}/${path}`;
      const leadsOn = is_dir && (`${name}/`.startsWith(prefix) || prefix.startsWith(`${name}/`));
      if (leadsOn) found.push(...(await walk(name, prefix)));
      else if (!is_dir && name.startsWith(prefix)) found.push({ name, sizeBytes: file_size, modifiedAt: 0 });
    }
    return found;
  }

  async function stat(name: string): Promise<ObjectStat | undefined> {
    const folder = objectName(name).split("/").slice(0, -1).join("/");
    const file = name.split("/").at(-1);
    const found = (await children(folder)).find(({ path, is_dir }) => !is_dir && path === file);
    return found && { name, sizeBytes: found.file_size ?? 0, modifiedAt: 0 };
  }

  async function get(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    const headers = range && (await rangeHeader(name, range));
    if (headers === "nothing") return new Response("").body ?? new ReadableStream();
    const response = await request("GET", `${proxy}/${await pathOf(name)}`, {
      ...(headers && { headers }),
      accept: [404],
    });
    if (response.status === 404) {
      await response.body?.cancel();
      throw new StorageError("not-found", name, `there is no object ${name}`);
    }
    const body = response.body ?? new ReadableStream({ start: (controller) => controller.close() });
    // The original knows no ranges and answers with everything.
    return range && response.status !== 206 ? cut(body, range) : body;
  }

  async function rangeHeader(name: string, { start, end }: ByteRange) {
    const size = (await stat(name))?.sizeBytes;
    if (size === undefined) throw new StorageError("not-found", name, `there is no object ${name}`);
    const last = Math.min(end ?? size, size);
    const sensible = Number.isSafeInteger(start) && start >= 0 && start <= last && start <= (end ?? size);
    if (!sensible) {
      const message = `object ${name} has ${size} bytes; bytes ${start} to ${end ?? size} cannot be read`;
      throw new StorageError("invalid-range", name, message);
    }
    return start === last ? "nothing" : { range: `bytes=${start}-${last - 1}` };
  }

  return {
    async put(name, source) {
      const path = `${proxy}/${await pathOf(name)}`;
      const counted = countedSource(source, name);
      try {
        const response = await request("PUT", path, {
          headers: { "content-type": "application/octet-stream" },
          body: counted.body,
          isRepeatable: counted.isRepeatable,
        });
        await response.body?.cancel();
      } catch (error) {
        throw counted.broken() ?? error;
      }
      return { name, sizeBytes: counted.size(), modifiedAt: 0 };
    },
    get,
    async read(name) {
      return new Uint8Array(await new Response(await get(name)).arrayBuffer());
    },
    stat,
    async list(prefix = "") {
      const folder = prefix.split("/").slice(0, -1).join("/");
      if (folder !== "") objectName(folder);
      const found = await walk(folder, prefix);
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async delete(name) {
      const response = await request("DELETE", `${proxy}/${await pathOf(name)}`, { accept: [404, 500] });
      await response.body?.cancel();
      if (response.ok || response.status === 404) return;
      if (await stat(name)) throw new StoreError("unavailable", "artifact", `object ${name} was not deleted`);
    },
  };
}

const encodePart = (part: string) => part.split("/").map(encodeURIComponent).join("/");

/** The bytes of a source for one request, counted on their way, and the error that broke it off. */
function countedSource(source: ObjectSource, name: string) {
  let size = 0;
  let broken: StorageError | undefined;
  let isRead = false;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    isRead = true;
    try {
      for await (const piece of source as AsyncIterable<Uint8Array>) {
        size += piece.byteLength;
        yield piece;
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `object ${name} was not written, its source broke off: ${reason}`;
      broken = new StorageError("broken-source", name, message, { cause });
      throw broken;
    }
  }
  const body = (): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> => {
    if (!(source instanceof Uint8Array)) return ReadableStream.from(pieces());
    size = source.byteLength;
    return source as Uint8Array<ArrayBuffer>;
  };
  return { body, size: () => size, broken: () => broken, isRepeatable: () => !isRead };
}

/** The bytes of a range of a stream that begins before it. */
function cut(
  stream: ReadableStream<Uint8Array>,
  { start, end = Infinity }: ByteRange,
): ReadableStream<Uint8Array> {
  let position = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        const from = Math.max(start - position, 0);
        const to = Math.min(end - position, piece.byteLength);
        position += piece.byteLength;
        if (from < to) controller.enqueue(piece.subarray(from, to));
        if (position >= end) controller.terminate();
      },
    }),
  );
}
