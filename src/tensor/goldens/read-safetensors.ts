/** Reads golden files. The format is a length, a JSON header and raw arrays (huggingface.co/docs/safetensors). */
import { readFileSync } from "node:fs";
import type { NdArray, NdArrays } from "../ndarray.ts";

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** All arrays of a file by name. The part of Havn that reads checkpoints stands above this one, hence these lines. */
export function readSafetensors(file: URL): NdArrays {
  const { buffer } = new Uint8Array(readFileSync(file));
  const start = 8 + Number(new DataView(buffer).getBigUint64(0, true));
  const header: Header = JSON.parse(new TextDecoder().decode(buffer.slice(8, start)));
  return Object.fromEntries(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => [name, arrayOf(dtype, shape, buffer.slice(start + from, start + to))],
    ),
  );
}

function arrayOf(dtype: string, shape: readonly number[], bytes: ArrayBuffer): NdArray {
  switch (dtype) {
    case "F32":
      return { dtype: "float32", shape, data: new Float32Array(bytes) };
    case "I64":
      return { dtype: "int64", shape, data: new BigInt64Array(bytes) };
    case "BOOL":
      return { dtype: "bool", shape, data: new Uint8Array(bytes) };
    default:
      throw new Error(`golden files hold F32, I64 and BOOL, got ${dtype}`);
  }
}
