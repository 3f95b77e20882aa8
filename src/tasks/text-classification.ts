/** Text classification: a transformer with a classifier on top, fine-tuned or trained from scratch. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { seededRandom } from "../data/index.ts";
import { sequenceClassifier } from "../nn/index.ts";
import { loadTokenizer, type Tokenizer, textCleanings } from "../text/index.ts";
import { developmentMode, limitedData } from "./development-mode.ts";
import { readLabelledTexts, textDataConfig } from "./labelled-texts.ts";
import {
  checkpointFolder,
  pretrainedModelConfig,
  requireVocabulary,
  tokenizerFolder,
} from "./pretrained-model.ts";
import type { TaskKind } from "./task.ts";
import { TaskError } from "./task-error.ts";
import { modelConfig, textClassificationModel } from "./text-classification-model.ts";
import {
  type ClassifiedText,
  type EncodedText,
  type LabelAnswer,
  type LabelledText,
  type TextInput,
  taskFile,
  textClassifier,
} from "./text-classifier.ts";

const textClassificationConfig = z.object({
  data: textDataConfig,
  development_mode: developmentMode,
  model: z.looseObject({
    ...pretrainedModelConfig,
    /** Tokens that the model looks at; the rest of a text is cut off. */
    max_length: z.int().min(3).max(4096),
  }),
  /** Of training; evaluation measures the plain cross-entropy. */
  loss: z.strictObject({
    label_smoothing: z.number().min(0).lt(1),
    /** One factor for each class, or `balanced`: inversely to how often a class occurs in the training split. */
    class_weights: z.union([z.array(z.number().nonnegative()), z.literal("balanced")]).nullable(),
  }),
});

export type TextClassificationConfig = z.output<typeof textClassificationConfig>;

/** The task of putting a text into one of several classes. */
export const textClassification: TaskKind<
  TextClassificationConfig,
  LabelledText,
  TextInput,
  EncodedText,
  ClassifiedText,
  LabelAnswer
> = {
  config: textClassificationConfig,
  paths: {
    files: ["data.train", "data.validation", "data.test"],
    filesIn: "data.folder",
    folders: ["data.folder", "model.checkpoint", "model.tokenizer"],
  },
  async create({ data: { labels, cleaning }, model }, context) {
    const tokenizer = await loadTokenizer(await tokenizerFolder(model, context));
    const checkpoint = await checkpointFolder(model, context);
    requireRoom(await modelConfig(model, checkpoint, labels), tokenizer, {
      maxLength: model.max_length,
      labels: labels.length,
    });
    return textClassifier({ labels, cleaning, tokenizer, maxLength: model.max_length });
  },
  async open(folder) {
    const saved = savedTask.parse(JSON.parse(await readFile(join(folder, taskFile), "utf8")));
    return textClassifier({ ...saved, tokenizer: await loadTokenizer(folder) });
  },
  read: (config, { folder }) => readLabelledTexts(limitedData(config), folder),
  sample: ({ text }) => text,
  model: async (config, context, train) =>
    textClassificationModel(config, await checkpointFolder(config.model, context), {
      labels: config.data.labels,
      train,
      random: seededRandom(context.seed, "first weights").next,
    }),
};

const savedTask = z.object({
  labels: z.array(z.string()),
  maxLength: z.int(),
  cleaning: z.enum(textCleanings).default("none"),
});

/** Every token and every position must have its embedding; otherwise training ends in the middle of a batch. */
function requireRoom(
  config: Record<string, unknown>,
  tokenizer: Tokenizer,
  { maxLength, labels }: { readonly maxLength: number; readonly labels: number },
): void {
  requireVocabulary(config, tokenizer);
  const model = sequenceClassifier(config, labels);
  if (model.maxLength < maxLength)
    throw new TaskError(
      `model.max_length must be at most ${model.maxLength}, the tokens that the model has positions for, got ${maxLength}`,
    );
}
