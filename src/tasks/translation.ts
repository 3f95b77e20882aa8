/** Translation: a model that reads one sentence and writes another, fine-tuned or trained from scratch. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { seededRandom } from "../data/index.ts";
import { type GenerationConfig, generationConfig, readGenerationConfig, seq2seq } from "../nn/index.ts";
import { loadTokenizer, type Tokenizer } from "../text/index.ts";
import { developmentMode, limitedData } from "./development-mode.ts";
import {
  checkpointFolder,
  pretrainedModelConfig,
  requireVocabulary,
  tokenizerFolder,
} from "./pretrained-model.ts";
import type { TaskKind } from "./task.ts";
import { TaskError } from "./task-error.ts";
import { readSentencePairs, translationDataConfig } from "./translation-data.ts";
import { openTranslationModel } from "./translation-generator.ts";
import { translationModel, translationModelConfig } from "./translation-model.ts";
import {
  type EncodedPair,
  type JudgedPair,
  type SentencePair,
  type SourceText,
  type Translation,
  translator,
  translatorFile,
  translatorSettings,
} from "./translator.ts";

const translationConfig = z.object({
  data: translationDataConfig,
  development_mode: developmentMode,
  model: z.looseObject({
    ...pretrainedModelConfig,
    /** Tokens of a source that the model looks at, and of a target that it learns; the rest is cut off. */
    max_length: z.int().min(3).max(4096),
  }),
  /** Of training; evaluation measures the plain cross-entropy. */
  loss: z.strictObject({ label_smoothing: z.number().min(0).lt(1) }),
  /** How the finished model writes. */
  generation: z.strictObject({
    beams: z.int().positive().max(32),
    /** Most tokens of a translation, the start included. */
    max_length: z.int().min(2).max(4096),
    length_penalty: z.number(),
    early_stopping: z.union([z.boolean(), z.literal("never")]),
    no_repeat_ngram_size: z.int().nonnegative(),
  }),
});

export type TranslationConfig = z.output<typeof translationConfig>;

/** The task of translating a sentence. */
export const translation: TaskKind<
  TranslationConfig,
  SentencePair,
  SourceText,
  EncodedPair,
  JudgedPair,
  Translation
> = {
  config: translationConfig,
  paths: {
    files: ["data.train", "data.validation", "data.test"],
    filesIn: "data.folder",
    folders: ["data.folder", "model.checkpoint", "model.tokenizer"],
  },
  async create({ data, model, generation }, context) {
    const tokenizer = await loadTokenizer(await tokenizerFolder(model, context));
    const config = await translationModelConfig(model, await checkpointFolder(model, context));
    requireVocabulary(config, tokenizer);
    const { cleaning, prefix } = data;
    return translator({
      tokenizer,
      settings: { cleaning, prefix, maxLength: model.max_length },
      generation: generationOf(generation, config, tokenizer),
    });
  },
  async open(folder) {
    const settings = translatorSettings.parse(
      JSON.parse(await readFile(join(folder, translatorFile), "utf8")),
    );
    const tokenizer = await loadTokenizer(folder);
    return translator({ tokenizer, settings, generation: await readGenerationConfig(folder) });
  },
  openModel: openTranslationModel,
  read: (config, context) => readSentencePairs(limitedData(config), context),
  sample: ({ text }) => text,
  model: async (config, context) =>
    translationModel(
      config,
      await checkpointFolder(config.model, context),
      seededRandom(context.seed, "first weights").next,
    ),
};

/** The model learns to end where the tokenizer ends a text, and is told nothing where that fills up a batch. */
function generationOf(
  { beams, ...generation }: TranslationConfig["generation"],
  config: Record<string, unknown>,
  tokenizer: Tokenizer,
): GenerationConfig {
  const { start, end, padding } = seq2seq(config).tokens;
  const last = tokenizer.encode("").ids.at(-1);
  if (last !== end)
    throw new TaskError(
      `the tokenizer must end every text with token ${end}, the model's eos_token_id, got ${last ?? "no token"}`,
    );
  if (tokenizer.padId !== padding)
    throw new TaskError(
      `the tokenizer must pad with token ${padding}, the model's pad_token_id, got ${tokenizer.padId}`,
    );
  return generationConfig.parse({
    ...{ ...generation, num_beams: beams },
    ...{ decoder_start_token_id: start, eos_token_id: end, pad_token_id: padding },
  });
}
