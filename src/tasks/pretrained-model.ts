/** What a configuration says of a model that has a tokenizer, whichever its task: where both come from. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { findCheckpoint } from "../nn/index.ts";
import { tokenizerFileNames } from "../text/index.ts";
import type { TaskContext } from "./task.ts";
import { TaskError } from "./task-error.ts";

/** Keys of the section `model`. */
export const pretrainedModelConfig = {
  /** A folder, or a name on the Hugging Face hub; null trains from scratch. */
  checkpoint: z.string().nullable(),
  /** config.json of a model that is trained from scratch, or keys that differ from the checkpoint's. */
  architecture: z.record(z.string(), z.unknown()),
  /** Folder of the tokenizer; null takes the checkpoint's. */
  tokenizer: z.string().nullable(),
  /** Low-rank adapters that are trained in place of the pretrained layers; null trains these. */
  lora: z
    .strictObject({
      rank: z.int().positive(),
      alpha: z.number().positive(),
      /** Last names of the layers that are adapted, such as `q_lin`. */
      targets: z.array(z.string()).min(1),
    })
    .nullable(),
};

type PretrainedModelConfig = z.output<z.ZodObject<typeof pretrainedModelConfig>>;

/** @throws {TaskError} when neither a tokenizer nor a checkpoint is named */
export async function tokenizerFolder(
  model: Pick<PretrainedModelConfig, "tokenizer" | "checkpoint">,
  context: TaskContext,
): Promise<string> {
  if (model.tokenizer !== null) return resolve(context.folder, model.tokenizer);
  const checkpoint = await checkpointFolder(model, context);
  if (checkpoint === undefined)
    throw new TaskError("model.tokenizer must name a folder where model.checkpoint is null");
  return checkpoint;
}

/** Folder of the weights, and of the files of a tokenizer in either form; undefined where training starts from scratch. */
export async function checkpointFolder(
  { checkpoint }: Pick<PretrainedModelConfig, "checkpoint">,
  { folder }: TaskContext,
): Promise<string | undefined> {
  if (checkpoint === null) return undefined;
  const ofProject = resolve(folder, checkpoint);
  return findCheckpoint(existsSync(ofProject) ? ofProject : checkpoint, {
    required: ["config.json", "model.safetensors"],
    optional: tokenizerFileNames,
  });
}

/**
 * Every token must have its embedding; otherwise training ends in the middle of a batch.
 * @throws {TaskError} when the vocabulary is larger than the model's
 */
export function requireVocabulary(
  { vocab_size }: Readonly<Record<string, unknown>>,
  { size }: { readonly size: number },
): void {
  if (typeof vocab_size === "number" && vocab_size < size)
    throw new TaskError(
      `model.architecture.vocab_size must be at least ${size}, the size of the tokenizer's vocabulary, got ${vocab_size}`,
    );
}
