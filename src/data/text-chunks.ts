import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip, gunzipSync } from "node:zlib";
import { DataError } from "./data-error.ts";
import type { TableSource } from "./table-row.ts";

/** Whether a file is compressed, by its name. */
export const isGzip = (file: string): boolean => file.toLowerCase().endsWith(".gz");

/**
 * The text of a UTF-8 file in pieces, without a byte order mark; of a file that ends in .gz, what it holds.
 *
 * @throws {DataError} naming the line when the bytes are not UTF-8
 */
export async function* textChunks({ file, onBytes }: Pick<TableSource, "file" | "onBytes">) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const bytes of contentOf(file, onBytes)) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (cause instanceof TypeError) throw await notUtf8(file, cause);
    throw cause;
  }
}

/** The bytes that a file holds. @param onBytes told those of the file itself */
async function* contentOf(file: string, onBytes: (bytes: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  async function* bytesOf() {
    for await (const bytes of createReadStream(file, { highWaterMark: 2 ** 18 })) {
      onBytes(bytes);
      yield bytes as Buffer;
    }
  }
  if (!isGzip(file)) return yield* bytesOf();
  const unpacked = createGunzip({ chunkSize: 2 ** 18 });
  // An error destroys the stream, so that the loop below meets it.
  pipeline(Readable.from(bytesOf()), unpacked, () => {});
  try {
    yield* unpacked;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (!code?.startsWith("Z_")) throw cause;
    throw new DataError("unreadable_file", file, `${file}: must be a whole gzip file, got: ${message}`, {
      cause,
    });
  }
}

async function notUtf8(file: string, cause: TypeError): Promise<DataError> {
  const stored = await readFile(file);
  const bytes = isGzip(file) ? gunzipSync(stored) : stored;
  for (let line = 1, start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf("\n", start);
    const end = found === -1 ? bytes.length : found;
    if (!isUtf8(bytes.subarray(start, end))) {
      const expected = "must be UTF-8 text; save the file as UTF-8 and read it again";
      const badRows = [{ line, expected }];
      return new DataError("unreadable_file", file, `${file}:${line}: ${expected}`, { cause, badRows });
    }
    start = end + 1;
  }
  return new DataError("unreadable_file", file, `${file}: must be UTF-8 text`, { cause });
}
