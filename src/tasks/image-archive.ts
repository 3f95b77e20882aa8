/** Members of tar files: where the bytes of each lie, so that they are read without unpacking. */
import { type FileHandle, open } from "node:fs/promises";
import { TaskError } from "./task-error.ts";

/** A file, or some of its bytes. */
export interface FilePart {
  readonly file: string;
  readonly range?: { readonly offset: number; readonly size: number };
}

const blockSize = 512;

/**
 * The plain files in a tar file (POSIX ustar and pax, and GNU's long names), by name.
 * @throws {TaskError} when the file is cut short or no tar file
 */
export async function archiveMembers(file: string): Promise<Map<string, Required<FilePart>>> {
  const members = new Map<string, Required<FilePart>>();
  const handle = await open(file);
  try {
    const { size: end } = await handle.stat();
    let longName: string | undefined;
    for (let at = 0; at + blockSize <= end; ) {
      const header = await readBlock(handle, at, blockSize);
      if (header.every((byte) => byte === 0)) break;
      const { name, size, type } = parseHeader(header, file, at);
      const offset = at + blockSize;
      if (offset + size > end)
        throw new TaskError(`${file}: ${name} is cut short; copy the tar file once more`);
      if (type === "L" || type === "x") {
        const data = (await readBlock(handle, offset, size)).toString("utf8");
        longName = type === "L" ? data.replace(/\0.*$/s, "") : (paxPath(data) ?? longName);
      } else {
        if (type === "0" || type === "\0") members.set(longName ?? name, { file, range: { offset, size } });
        longName = undefined;
      }
      at = offset + Math.ceil(size / blockSize) * blockSize;
    }
  } finally {
    await handle.close();
  }
  return members;
}

async function readBlock(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer } = await handle.read({ buffer: Buffer.alloc(length), position });
  return buffer;
}

function parseHeader(header: Buffer, file: string, at: number) {
  const text = (from: number, to: number) => header.toString("utf8", from, to).replace(/\0.*$/s, "");
  // The sum of the header's bytes, with its own field as blanks.
  const sum = header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (Number.parseInt(text(148, 156), 8) !== sum)
    throw new TaskError(`${file}: is no tar file, or damaged (at byte ${at})`);
  const prefix = text(257, 262) === "ustar" ? text(345, 500) : "";
  // Sizes from 8 GiB on are binary, which the first bit says.
  const isBinary = (header[124]! & 0x80) !== 0;
  const size = isBinary ? Number(header.readBigUInt64BE(128)) : Number.parseInt(text(124, 136), 8);
  const name = prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return { name, size, type: String.fromCharCode(header[156]!) };
}

/** The path among the records of a pax header, each `LENGTH KEY=VALUE\n`. */
const paxPath = (records: string): string | undefined => /^\d+ path=(.*)$/m.exec(records)?.[1];
