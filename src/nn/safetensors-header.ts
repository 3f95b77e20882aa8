/** The header of a safetensors file: where each tensor's bytes lie. Read from untrusted files, so everything is checked. */
import { z } from "zod";
import { type NdArray, sizeOf } from "../tensor/index.ts";
import { CheckpointError } from "./checkpoint-error.ts";

const bytesPerElement: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, I16: 2, U16: 2, F16: 2, BF16: 2 },
  ...{ I32: 4, U32: 4, F32: 4, F64: 8, I64: 8, U64: 8 },
};

/** In the order in which the reference implementation lays tensors out: the widest first, then by name. */
const storedAs = [
  ["int64", "I64"],
  ["float32", "F32"],
  ["int32", "I32"],
  ["uint8", "U8"],
  ["bool", "BOOL"],
] as const;

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
/** Type, shape and place of a tensor; the place counts from the first byte after the header. */
export type Entry = z.infer<typeof entrySchema>;
const metadataSchema = z.record(z.string(), z.string());

const typeRank = (tensor: NdArray) => storedAs.findIndex(([dtype]) => dtype === tensor.dtype);

/** The tensors in the order of their bytes in the file. */
export function layOut(tensors: ReadonlyMap<string, NdArray>): [string, NdArray][] {
  return [...tensors].sort(
    ([nameA, a], [nameB, b]) => typeRank(a) - typeRank(b) || (nameA < nameB ? -1 : nameA > nameB ? 1 : 0),
  );
}

/** The first bytes of a file with these tensors: the header's length and the header, padded to 8 bytes. */
export function formatHeader(
  path: string,
  tensors: readonly [string, NdArray][],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (name === "__metadata__")
      throw new CheckpointError(path, "has a name that the format reserves", { tensor: name });
    if (sizeOf(shape) !== data.length) {
      throw new CheckpointError(path, `has ${data.length} elements, its shape is [${shape.join(", ")}]`, {
        tensor: name,
      });
    }
    const begin = end;
    end += data.byteLength;
    const stored = storedAs.find(([own]) => own === dtype)![1];
    entries.push([name, { dtype: stored, shape, data_offsets: [begin, end] }]);
  }
  // Object.fromEntries would move names like "1" to the front.
  const json = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const header = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(text, 8);
  return header;
}

/**
 * Parses the JSON text of a header.
 * @param dataBytes bytes of the file behind the header
 * @throws {CheckpointError} unless the tensors cover these bytes exactly, without overlap or gap
 */
export function parseHeader(
  path: string,
  json: Uint8Array,
  dataBytes: number,
): { entries: Map<string, Entry>; metadata: Record<string, string> } {
  let header: object;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
    header = z.instanceof(Object).parse(JSON.parse(text));
    if (Array.isArray(header)) throw new Error("it is a list");
    const duplicate = duplicateKey(text);
    if (duplicate !== undefined) throw new Error(`the name ${duplicate} occurs twice`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new CheckpointError(path, `is not a whole safetensors file: its header is not valid (${reason})`, {
      cause,
    });
  }
  const { __metadata__, ...rest } = { __metadata__: {}, ...header };
  const metadata = metadataSchema.safeParse(__metadata__);
  if (!metadata.success)
    throw new CheckpointError(path, "has a __metadata__ that does not map names to texts");
  const entries = new Map(
    Object.entries(rest).map(([name, value]) => [name, parseEntry(path, name, value, dataBytes)]),
  );
  checkCover(path, entries, dataBytes);
  return { entries, metadata: metadata.data };
}

function parseEntry(path: string, name: string, value: unknown, dataBytes: number): Entry {
  const fail = (message: string) => new CheckpointError(path, message, { tensor: name });
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) throw fail(`has a header entry that is not valid: ${z.prettifyError(parsed.error)}`);
  const {
    dtype,
    shape,
    data_offsets: [begin, end],
  } = parsed.data;
  const width = Object.hasOwn(bytesPerElement, dtype) ? bytesPerElement[dtype] : undefined;
  if (width === undefined) throw fail(`has the unknown type ${JSON.stringify(dtype)}`);
  if (end > dataBytes)
    throw fail(
      `ends at byte ${end} of the data, but the file has only ${dataBytes}: it is cut off or damaged`,
    );
  const needed = sizeOf(shape) * width;
  if (end - begin !== needed) {
    throw fail(
      `of shape [${shape.join(", ")}] and type ${dtype} needs ${needed} bytes, but has ${end - begin}`,
    );
  }
  return parsed.data;
}

function checkCover(path: string, entries: ReadonlyMap<string, Entry>, dataBytes: number): void {
  let covered = 0;
  const byPlace = [...entries].sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  for (const [
    tensor,
    {
      data_offsets: [begin, end],
    },
  ] of byPlace) {
    if (begin !== covered) {
      const what =
        begin < covered ? "overlaps the tensor before it" : "leaves a gap behind the tensor before it";
      throw new CheckpointError(
        path,
        `begins at byte ${begin} of the data and ${what}, which ends at ${covered}`,
        { tensor },
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw new CheckpointError(
      path,
      `has ${dataBytes} bytes of data, but its tensors cover ${covered}: it is damaged`,
    );
  }
}

/** JSON.parse keeps the last of two equal names; the format forbids them. `json` is known to be valid. */
function duplicateKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [, text, colon, bracket] of json.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|([{}[\]])/g)) {
    if (bracket === "{") open.push(new Set());
    else if (bracket === "[") open.push(undefined);
    else if (bracket) open.pop();
    else if (colon && text) {
      const name: unknown = JSON.parse(text);
      const names = open.at(-1);
      if (names?.has(String(name))) return text;
      names?.add(String(name));
    }
  }
  return undefined;
}
