import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { objectName } from "./object-name.ts";
import type { ObjectStat, ObjectStore } from "./object-store.ts";
import { StorageError } from "./storage-error.ts";

/**
 * A store whose objects can be had as files: `localPath` fetches what is not in the folder yet, and again what was
 * replaced since. Names keep their folders, so that files which belong together lie together. The folder may be
 * removed at any time; processes may share it.
 */
export function withLocalFiles(
  store: ObjectStore,
  folder: string,
): ObjectStore & Required<Pick<ObjectStore, "localPath">> {
  const fetching = new Map<string, Promise<string>>();

  async function fetchInto(file: string, object: ObjectStat): Promise<string> {
    if (await isSame(file, object)) return file;
    await mkdir(path.dirname(file), { recursive: true });
    const part = `${file}.${process.pid}.part`;
    try {
      await pipeline(Readable.fromWeb((await store.get(object.name)) as never), createWriteStream(part));
      await utimes(part, new Date(), new Date(object.modifiedAt));
      // Whoever has the old file open keeps reading it.
      await rename(part, file);
    } finally {
      await rm(part, { force: true });
    }
    return file;
  }

  return {
    ...store,
    async localPath(name) {
      const object = await store.stat(objectName(name));
      if (!object) throw new StorageError("not-found", name, `there is no object ${name}`);
      const file = path.join(folder, ...name.split("/"));
      const fetched = fetching.get(name) ?? fetchInto(file, object).finally(() => fetching.delete(name));
      fetching.set(name, fetched);
      return fetched;
    },
  };
}

async function isSame(file: string, { sizeBytes, modifiedAt }: ObjectStat): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && found.size === sizeBytes && Math.trunc(found.mtimeMs) === modifiedAt;
}
