/** The files of a folder, and those in its tar files, by name. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { archiveMembers, type FilePart } from "./image-archive.ts";
import { TaskError } from "./task-error.ts";

/**
 * Where the bytes of each name are: `ace of clubs/001.jpg`, whether it lies in the folder or in a tar file there.
 * @throws {TaskError} when there is no such folder, or a tar file in it is damaged
 */
export async function imageFiles(folder: string): Promise<Map<string, FilePart>> {
  const found = new Map<string, FilePart>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw new TaskError(`${folder}: there is no such folder; data.folder must name one with images`, {
      cause,
    });
  });
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name));
  // A file of its own counts before one of the same name in a tar file.
  const isArchive = (path: string) => path.endsWith(".tar");
  for (const path of paths.filter(isArchive).sort())
    for (const [name, part] of await archiveMembers(path)) found.set(name, part);
  for (const path of paths.filter((path) => !isArchive(path)))
    found.set(relative(folder, path).split(sep).join("/"), { file: path });
  return found;
}

/** The bytes of an image. */
export async function readPart({ file, range }: FilePart): Promise<Uint8Array> {
  if (!range) return readFile(file);
  const handle = await open(file);
  try {
    const { buffer } = await handle.read({ buffer: new Uint8Array(range.size), position: range.offset });
    return buffer;
  } finally {
    await handle.close();
  }
}

/** SHA-256 of what files hold, each of which is read once. */
export class FileHashes {
  readonly #hashes = new Map<string, Promise<string>>();

  of(file: string): Promise<string> {
    const known = this.#hashes.get(file);
    if (known) return known;
    const computed = hashFile(file);
    this.#hashes.set(file, computed);
    return computed;
  }
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}
