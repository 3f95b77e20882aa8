/** generation_config.json: how a model writes, as Hugging Face keeps it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CheckpointError } from "../checkpoint-error.ts";
import type { SpecialTokens } from "../seq2seq.ts";
import type { SearchOptions } from "./beam-search.ts";

const token = z.int().nonnegative();

/** The keys that the search reads; others are kept as they are. */
export const generationConfig = z.looseObject({
  num_beams: z.int().positive().default(1),
  /** Most tokens of a sequence, the start included. */
  max_length: z.int().min(2).default(20),
  min_length: z.int().nonnegative().default(0),
  length_penalty: z.number().default(1),
  early_stopping: z.union([z.boolean(), z.literal("never")]).default(false),
  no_repeat_ngram_size: z.int().nonnegative().default(0),
  decoder_start_token_id: token,
  eos_token_id: token,
  pad_token_id: token,
});

export type GenerationConfig = z.output<typeof generationConfig>;

const fileOf = (folder: string): string => join(folder, "generation_config.json");

/** Writes the file that `GenerationConfig.from_pretrained` of the Python library reads. */
export const saveGenerationConfig = (folder: string, config: GenerationConfig): Promise<void> =>
  writeFile(fileOf(folder), `${JSON.stringify(config, null, 2)}\n`);

/** @throws {CheckpointError} when the file is missing, or holds what no search can follow */
export async function readGenerationConfig(folder: string): Promise<GenerationConfig> {
  const file = fileOf(folder);
  try {
    return generationConfig.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new CheckpointError(file, `cannot be read: ${reason}`, { cause });
  }
}

/** The settings of a search, and the tokens that it works with. */
export const searchOptions = (
  config: GenerationConfig,
): { readonly tokens: SpecialTokens; readonly options: SearchOptions } => ({
  tokens: {
    start: config.decoder_start_token_id,
    end: config.eos_token_id,
    padding: config.pad_token_id,
  },
  options: {
    beams: config.num_beams,
    maxLength: config.max_length,
    minLength: config.min_length,
    lengthPenalty: config.length_penalty,
    earlyStopping: config.early_stopping,
    noRepeatNgramSize: config.no_repeat_ngram_size,
  },
});
