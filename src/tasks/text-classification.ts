/** Text classification: a transformer with a classifier on top, fine-tuned or trained from scratch. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { seededRandom } from "../data/index.ts";
import { findCheckpoint } from "../nn/index.ts";
import { loadTokenizer, type Tokenizer, textCleanings, tokenizerFileNames } from "../text/index.ts";
import { readLabelledTexts, textDataConfig } from "./labelled-texts.ts";
import type { TaskContext, TaskKind } from "./task.ts";
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
  model: z.looseObject({
    /** A folder, or a name on the Hugging Face hub; null trains from scratch. */
    checkpoint: z.string().nullable(),
    /** config.json of a model that is trained from scratch, or keys that differ from the checkpoint's. */
    architecture: z.record(z.string(), z.unknown()),
    /** Folder of the tokenizer; null takes the checkpoint's. */
    tokenizer: z.string().nullable(),
    /** Tokens that the model looks at; the rest of a text is cut off. */
    max_length: z.int().min(3).max(4096),
    /** Low-rank adapters that are trained in place of the pretrained layers; null trains these. */
    lora: z
      .strictObject({
        rank: z.int().positive(),
        alpha: z.number().positive(),
        /** Last names of the layers that are adapted, such as `q_lin`. */
        targets: z.array(z.string()).min(1),
      })
      .nullable(),
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
    requireRoom(await modelConfig(model, checkpoint, labels), tokenizer, model.max_length);
    return textClassifier({ labels, cleaning, tokenizer, maxLength: model.max_length });
  },
  async open(folder) {
    const saved = savedTask.parse(JSON.parse(await readFile(join(folder, taskFile), "utf8")));
    return textClassifier({ ...saved, tokenizer: await loadTokenizer(folder) });
  },
  read: ({ data }, { folder }) => readLabelledTexts(data, folder),
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

async function tokenizerFolder(
  model: TextClassificationConfig["model"],
  context: TaskContext,
): Promise<string> {
  if (model.tokenizer !== null) return resolve(context.folder, model.tokenizer);
  const checkpoint = await checkpointFolder(model, context);
  if (checkpoint === undefined)
    throw new TaskError("model.tokenizer must name a folder where model.checkpoint is null");
  return checkpoint;
}

/** Folder of the weights, and of the files of a tokenizer in either form; undefined where training starts from scratch. */
async function checkpointFolder(
  { checkpoint }: TextClassificationConfig["model"],
  { folder }: TaskContext,
): Promise<string | undefined> {
  if (checkpoint === null) return undefined;
  const ofProject = resolve(folder, checkpoint);
  return findCheckpoint(existsSync(ofProject) ? ofProject : checkpoint, {
    required: ["config.json", "model.safetensors"],
    optional: tokenizerFileNames,
  });
}

/** Every token and every position must have its embedding; otherwise training ends in the middle of a batch. */
function requireRoom(
  { vocab_size, max_position_embeddings }: Record<string, unknown>,
  { size }: Tokenizer,
  maxLength: number,
): void {
  if (typeof vocab_size === "number" && vocab_size < size)
    throw new TaskError(
      `model.architecture.vocab_size must be at least ${size}, the size of the tokenizer's vocabulary, got ${vocab_size}`,
    );
  if (typeof max_position_embeddings === "number" && max_position_embeddings < maxLength)
    throw new TaskError(
      `model.max_length must be at most ${max_position_embeddings}, the positions that the model knows (max_position_embeddings), got ${maxLength}`,
    );
}
