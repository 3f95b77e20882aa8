import type { NdArray } from "../tensor/index.ts";

/** A checkpoint file that is not what it should be: which file and tensor, what was expected, what to do. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Map<string, NdArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads all tensors of a file, or those whose name `only` accepts. */
export async function readSafetensors(
  path: string,
  { only = () => true }: { only?: (name: string) => boolean } = {},
): Promise<Safetensors> {
  throw new Error(`not written yet: ${path} ${only}`);
}

/** Writes tensors to a file that appears whole or not at all. */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, NdArray>,
  { metadata = {} }: { metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  throw new Error(`not written yet: ${path} ${tensors.size} ${metadata}`);
}
