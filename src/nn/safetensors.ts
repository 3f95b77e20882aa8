/**
 * The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes with the length of the header
 * (little-endian), a JSON header that gives each tensor its type, shape and place, then the bytes themselves.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "../storage/index.ts";
import { type NdArray, sizeOf } from "../tensor/index.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { type Entry, formatHeader, layOut, parseHeader } from "./safetensors-header.ts";

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Map<string, NdArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file whose header has been read and checked; the tensors are read one by one when asked for. */
export interface OpenSafetensors {
  readonly entries: ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }>;
  readonly metadata: Readonly<Record<string, string>>;
  /** One tensor; F16 and BF16 become float32. */
  read(name: string): Promise<NdArray>;
  close(): Promise<void>;
}

/** The reference implementation's own limit. */
const maxHeaderBytes = 100_000_000;
const chunkBytes = 4 << 20;

/**
 * Opens a file and checks its header: no tensor may lie outside the file, overlap another or leave a gap.
 * @throws {CheckpointError} where the file is cut off, damaged or not safetensors at all
 */
export async function openSafetensors(path: string): Promise<OpenSafetensors> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw new CheckpointError(path, `cannot be opened: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  });
  try {
    const { size } = await file.stat();
    const { entries, metadata, dataStart } = await readHeader(file, path, size);
    return {
      entries,
      metadata,
      async read(name) {
        const entry = entries.get(name);
        if (!entry)
          throw new CheckpointError(path, `is not in the file, which has ${entries.size} tensors`, {
            tensor: name,
          });
        return readTensor(file, path, name, entry, dataStart);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads all tensors of a file, or those whose name `only` accepts. Needs memory for these tensors and no more.
 * @throws {CheckpointError} where the file is cut off, damaged or has a type that Havn does not compute with
 */
export async function readSafetensors(
  path: string,
  { only = () => true }: { only?: (name: string) => boolean } = {},
): Promise<Safetensors> {
  const file = await openSafetensors(path);
  try {
    const tensors = new Map<string, NdArray>();
    for (const name of file.entries.keys()) if (only(name)) tensors.set(name, await file.read(name));
    return { tensors, metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/**
 * Writes tensors to a file that appears whole or not at all: into a temporary file, to the disk, renamed.
 * The bytes are those that the reference implementation writes.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, NdArray>,
  { metadata = {} }: { metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const ordered = layOut(tensors);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(formatHeader(path, ordered, metadata));
      for (const [, { data }] of ordered) {
        await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function readHeader(file: FileHandle, path: string, size: number) {
  const damaged = (message: string) =>
    new CheckpointError(path, `is not a whole safetensors file: ${message}`);
  if (size < 8) throw damaged(`it has ${size} bytes, expected at least 8`);
  const prefix = await readBytes(file, path, 0, new Uint8Array(8));
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > maxHeaderBytes)
    throw damaged(`its header would have ${length} bytes, at most ${maxHeaderBytes} are allowed`);
  if (8 + length > size)
    throw damaged(`its header should have ${length} bytes, but the file ends after ${size}`);
  const dataStart = 8 + length;
  const json = await readBytes(file, path, 8, new Uint8Array(length));
  return { ...parseHeader(path, json, size - dataStart), dataStart };
}

async function readTensor(
  file: FileHandle,
  path: string,
  name: string,
  { dtype, shape, data_offsets: [begin] }: Entry,
  dataStart: number,
): Promise<NdArray> {
  const start = dataStart + begin;
  const fill = <Data extends ArrayBufferView<ArrayBuffer>>(data: Data) => readBytes(file, path, start, data);
  switch (dtype) {
    case "F32":
      return { dtype: "float32", shape, data: await fill(new Float32Array(sizeOf(shape))) };
    case "F16":
      return { dtype: "float32", shape, data: await widen(file, path, start, sizeOf(shape), fromFloat16) };
    case "BF16":
      return { dtype: "float32", shape, data: await widen(file, path, start, sizeOf(shape), fromBfloat16) };
    case "I64":
      return { dtype: "int64", shape, data: await fill(new BigInt64Array(sizeOf(shape))) };
    case "I32":
      return { dtype: "int32", shape, data: await fill(new Int32Array(sizeOf(shape))) };
    case "U8":
      return { dtype: "uint8", shape, data: await fill(new Uint8Array(sizeOf(shape))) };
    case "BOOL":
      return { dtype: "bool", shape, data: await fill(new Uint8Array(sizeOf(shape))) };
    default:
      throw new CheckpointError(
        path,
        `has the type ${dtype}, expected F32, F16, BF16, I64, I32, U8 or BOOL: convert the file first`,
        { tensor: name },
      );
  }
}

/** Reads 16-bit floats piece by piece, so that only the float32 values need memory. */
async function widen(
  file: FileHandle,
  path: string,
  start: number,
  size: number,
  convert: (from: Uint16Array, to: Float32Array) => void,
): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(size);
  const piece = new Uint16Array(Math.min(size, chunkBytes / 2));
  for (let done = 0; done < size; done += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, size - done));
    await readBytes(file, path, start + done * 2, part);
    convert(part, values.subarray(done, done + part.length));
  }
  return values;
}

/** A bfloat16 is the upper half of a float32. */
function fromBfloat16(from: Uint16Array, to: Float32Array): void {
  const bits = new Uint32Array(to.buffer, to.byteOffset, to.length);
  for (let i = 0; i < from.length; i++) bits[i] = from[i]! << 16;
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function fromFloat16(from: Uint16Array, to: Float32Array): void {
  const scale = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));
  for (let i = 0; i < from.length; i++) {
    const exponent = (from[i]! >> 10) & 31;
    const fraction = from[i]! & 1023;
    const magnitude =
      exponent === 31
        ? fraction
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : (fraction + (exponent && 1024)) * scale[exponent]!;
    to[i] = from[i]! & 0x8000 ? -magnitude : magnitude;
  }
}

/** Fills `target` with the bytes from `position` on. */
async function readBytes<Target extends ArrayBufferView<ArrayBuffer>>(
  file: FileHandle,
  path: string,
  position: number,
  target: Target,
): Promise<Target> {
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(
      bytes,
      done,
      Math.min(bytes.length - done, 1 << 30),
      position + done,
    );
    if (bytesRead === 0)
      throw new CheckpointError(path, `ended after ${position + done} bytes while it was read`);
    done += bytesRead;
  }
  return target;
}
