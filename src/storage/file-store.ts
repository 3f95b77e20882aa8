import { randomUUID } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { objectName } from "./object-name.ts";
import type { ByteRange, ObjectSource, ObjectStat, ObjectStore } from "./object-store.ts";
import { StorageError } from "./storage-error.ts";
import { syncFolder } from "./sync-folder.ts";

/** Holds what is being written; a rename from here is atomic because it stays on one file system. */
const incoming = ".incoming";
/** What a killed process left in `.incoming` is swept when it is this old; a younger file may still be growing. */
const abandonedAfterMs = 24 * 3600 * 1000;

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
const isMissing = (error: unknown) => codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";

/**
 * Opens a folder as an object store: an object is a file, its name the path below the folder. The folder is made
 * where it is missing and may itself be a symbolic link; below it links are refused, so that none leads out.
 */
export async function openFileStore(root: string): Promise<ObjectStore> {
  await fs.mkdir(path.join(root, incoming), { recursive: true });
  const folder = await fs.realpath(root);
  await sweepAbandoned(path.join(folder, incoming));

  const fileOf = (name: string): string => {
    if (objectName(name).split("/")[0] === incoming) {
      throw new StorageError(
        "invalid-name",
        name,
        `object names cannot start with ${incoming}: files being written lie there`,
      );
    }
    return path.join(folder, ...name.split("/"));
  };

  /** The file of an object that exists and is reached without a link. */
  async function existing(name: string): Promise<string> {
    const file = fileOf(name);
    await refuseLinks(folder, file, name);
    if (!(await isFile(file))) throw notFound(name);
    return file;
  }

  async function stat(name: string): Promise<ObjectStat | undefined> {
    const file = fileOf(name);
    await refuseLinks(folder, file, name);
    const found = await fs.stat(file).catch(ignoreMissing);
    return found?.isFile()
      ? { name, sizeBytes: found.size, modifiedAt: Math.trunc(found.mtimeMs) }
      : undefined;
  }

  async function put(name: string, source: ObjectSource): Promise<ObjectStat> {
    const file = fileOf(name);
    const part = path.join(folder, incoming, randomUUID());
    try {
      const written = await writeAndSync(part, source, name);
      await refuseLinks(folder, path.dirname(file), name);
      await moveInto(part, file, name);
      return statOf(name, written);
    } finally {
      await fs.rm(part, { force: true });
    }
  }

  async function get(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    // From here on the stream reads this file, whatever is put under its name meanwhile.
    const handle = await fs.open(await existing(name));
    try {
      const { start, end } = clampRange(name, (await handle.stat()).size, range);
      // createReadStream counts its `end` in, so it has no way to read nothing.
      if (start < end) return webStream(createReadStream("", { fd: handle, start, end: end - 1 }));
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return new ReadableStream({ start: (controller) => controller.close() });
  }

  async function list(prefix = ""): Promise<ObjectStat[]> {
    // Only the folder that the prefix names has to be walked.
    const below = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const start = below === "" ? folder : fileOf(below.slice(0, -1));
    await refuseLinks(folder, start, below);
    const names: string[] = [];
    await walk(start, below, names);
    const stats: ObjectStat[] = [];
    for (const name of names.filter((name) => name.startsWith(prefix)).sort()) {
      // The walk met no link; a file may have been removed since.
      const found = await fs.lstat(fileOf(name)).catch(ignoreMissing);
      if (found) stats.push(statOf(name, found));
    }
    return stats;
  }

  async function remove(name: string): Promise<void> {
    const file = fileOf(name);
    await refuseLinks(folder, path.dirname(file), name);
    if (!(await isFile(file))) return;
    await fs.rm(file, { force: true });
    await removeEmptyFolders(path.dirname(file), folder);
  }

  return {
    put,
    get,
    read: async (name) => new Uint8Array(await fs.readFile(await existing(name))),
    stat,
    list,
    delete: remove,
    localPath: existing,
  };
}

const statOf = (name: string, file: Stats): ObjectStat => ({
  name,
  sizeBytes: file.size,
  modifiedAt: Math.trunc(file.mtimeMs),
});

function notFound(name: string): StorageError {
  return new StorageError("not-found", name, `there is no object ${name}`);
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

async function isFile(file: string): Promise<boolean> {
  return (await fs.lstat(file).catch(ignoreMissing))?.isFile() === true;
}

/** Looks at every step from the root, which was made real when the store was opened, down to the file. */
async function refuseLinks(root: string, file: string, name: string): Promise<void> {
  let step = root;
  for (const part of path.relative(root, file).split(path.sep)) {
    step = path.join(step, part);
    const found = await fs.lstat(step).catch(ignoreMissing);
    if (!found) return;
    if (!found.isSymbolicLink()) continue;
    throw new StorageError(
      "outside-root",
      name,
      `object ${name} is reached through a symbolic link, which could lead out of the store; put a copy there`,
    );
  }
}

async function writeAndSync(file: string, source: ObjectSource, name: string): Promise<Stats> {
  const handle = await fs.open(file, "wx");
  try {
    const chunks = source instanceof Uint8Array ? [source] : source;
    try {
      for await (const chunk of chunks) await writeFully(handle, chunk);
    } catch (cause) {
      if (isFull(cause)) throw noSpace(name, cause);
      // A broken disk is the store's failure and keeps its own words; all others come from the source.
      if (codeOf(cause) === "EIO") throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError(
        "broken-source",
        name,
        `object ${name} was not written, its source broke off: ${reason}`,
        { cause },
      );
    }
    // Some file systems find out only now that there is no room.
    await handle.sync().catch((cause) => {
      throw isFull(cause) ? noSpace(name, cause) : cause;
    });
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

const isFull = (error: unknown) => ["ENOSPC", "EDQUOT"].includes(codeOf(error) ?? "");

const noSpace = (name: string, cause: unknown) =>
  new StorageError(
    "no-space",
    name,
    `object ${name} was not written: the disk of the store is full. Nothing else is lost; make room and try again`,
    { cause },
  );

async function writeFully(handle: fs.FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    done += (await handle.write(chunk, done, chunk.byteLength - done)).bytesWritten;
  }
}

/** Renames a written file to its place and makes the rename itself lasting. */
async function moveInto(part: string, file: string, name: string): Promise<void> {
  // A delete in another process may remove the folder, when it became empty, between mkdir and rename.
  for (let attempt = 1; ; attempt++) {
    try {
      const firstMade = await fs.mkdir(path.dirname(file), { recursive: true });
      await fs.rename(part, file);
      await syncFolders(path.dirname(file), firstMade);
      return;
    } catch (error) {
      if (codeOf(error) === "ENOENT" && attempt < 5) continue;
      const taken = ["EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY"].includes(codeOf(error) ?? "");
      if (!taken) throw error;
      throw new StorageError(
        "conflict",
        name,
        `object ${name} cannot be written: a part of its path is an object, or objects lie below it`,
        { cause: error },
      );
    }
  }
}

/** Syncs a folder's entries, and those of the folders that were made on the way to it. */
async function syncFolders(folder: string, firstMade: string | undefined): Promise<void> {
  const top = firstMade === undefined ? folder : path.dirname(firstMade);
  for (let current = folder; ; current = path.dirname(current)) {
    await syncFolder(current);
    if (current === top || current === path.dirname(current)) return;
  }
}

async function walk(folder: string, prefix: string, names: string[]): Promise<void> {
  const entries = (await fs.readdir(folder, { withFileTypes: true }).catch(ignoreMissing)) ?? [];
  for (const entry of entries) {
    const name = prefix + entry.name;
    if (entry.isFile()) names.push(name);
    else if (entry.isDirectory() && name !== incoming)
      await walk(path.join(folder, entry.name), `${name}/`, names);
  }
}

async function removeEmptyFolders(from: string, root: string): Promise<void> {
  for (let folder = from; folder !== root; folder = path.dirname(folder)) {
    try {
      await fs.rmdir(folder);
    } catch (error) {
      if (isMissing(error)) continue;
      return; // not empty
    }
  }
}

async function sweepAbandoned(folder: string): Promise<void> {
  const oldest = Date.now() - abandonedAfterMs;
  for (const entry of await fs.readdir(folder)) {
    const file = path.join(folder, entry);
    const found = await fs.stat(file).catch(ignoreMissing);
    if (found && found.mtimeMs < oldest) await fs.rm(file, { force: true });
  }
}

function clampRange(
  name: string,
  size: number,
  range: ByteRange = { start: 0 },
): { start: number; end: number } {
  const { start, end = size } = range;
  const sensible =
    Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end && start <= size;
  if (!sensible) {
    throw new StorageError(
      "invalid-range",
      name,
      `object ${name} has ${size} bytes; bytes ${start} to ${end} cannot be read`,
    );
  }
  return { start, end: Math.min(end, size) };
}

/** Node's stream as the platform's, without queueing more than what the file stream has read ahead. */
function webStream(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream, { strategy: { highWaterMark: 1 } });
}
