/** The index of weights in several files, `model.safetensors.index.json`: which tensor lies in which of them. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { CheckpointError } from "./checkpoint-error.ts";

/** Name of the index beside which no file `file` is needed. */
export const indexNameOf = (file: string): string => `${file}.index.json`;

/** Name of one of several files, counted from 0: `model-00001-of-00003.safetensors`. */
export const shardName = (file: string, i: number, count: number): string => {
  const digits = (value: number) => String(value).padStart(5, "0");
  return file.replace(/\.safetensors$/, `-${digits(i + 1)}-of-${digits(count)}.safetensors`);
};

const indexSchema = z.looseObject({
  // Nothing outside the folder is opened, whoever wrote the index.
  weight_map: z.record(z.string(), z.string().regex(/^[^./\\][^/\\]*\.safetensors$/)),
});

/**
 * Names of the tensors' files, by tensor.
 * @throws {CheckpointError} when the file is no such index
 */
export async function readShardIndex(path: string): Promise<Map<string, string>> {
  let parsed: ReturnType<typeof indexSchema.safeParse>;
  try {
    parsed = indexSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new CheckpointError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (parsed.success) return new Map(Object.entries(parsed.data.weight_map));
  const [issue] = parsed.error.issues;
  throw new CheckpointError(
    path,
    `must have a weight_map from tensors to files beside it, such as {"weight_map": {"classifier.bias": "model-00001-of-00002.safetensors"}}; ${issue!.path.join(".")}: ${issue!.message}`,
  );
}

/** The text of an index as transformers writes it: keys in order, indented by two. */
export function formatShardIndex(
  places: ReadonlyMap<string, string>,
  metadata: { readonly total_parameters: number; readonly total_size: number },
): string {
  const inOrder = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ metadata, weight_map: Object.fromEntries(inOrder) }, null, 2)}\n`;
}
