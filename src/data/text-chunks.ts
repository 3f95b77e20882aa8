import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { DataError } from "./data-error.ts";
import type { TableSource } from "./table-row.ts";

/**
 * The text of a UTF-8 file in pieces, without a byte order mark.
 *
 * @throws {DataError} naming the line when the bytes are not UTF-8
 */
export async function* textChunks({ file, onBytes }: Pick<TableSource, "file" | "onBytes">) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const bytes of createReadStream(file, { highWaterMark: 2 ** 18 })) {
      onBytes(bytes);
      yield decoder.decode(bytes, { stream: true });
    }
    yield decoder.decode();
  } catch (cause) {
    if (cause instanceof TypeError) throw await notUtf8(file, cause);
    throw cause;
  }
}

async function notUtf8(file: string, cause: TypeError): Promise<DataError> {
  const bytes = await readFile(file);
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
