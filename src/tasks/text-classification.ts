/** Text classification: a transformer with a classifier on top, fine-tuned or trained from scratch. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { readTable, seededRandom } from "../data/index.ts";
import {
  findCheckpoint,
  initialize,
  loadWeights,
  namedParameters,
  readModelConfig,
  sequenceClassifier,
} from "../nn/index.ts";
import { constant, crossEntropy, float32, input } from "../tensor/index.ts";
import { loadTokenizer, type Tokenizer } from "../text/index.ts";
import type { TaskContext, TaskKind, TaskModel } from "./task.ts";
import { TaskError } from "./task-error.ts";
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
  data: z.strictObject({
    /** Files of the splits; relative to the project. */
    train: z.string(),
    validation: z.string(),
    test: z.string(),
    /** Names of the columns. */
    text: z.string(),
    label: z.string(),
  }),
  model: z.looseObject({
    /** A folder, or a name on the Hugging Face hub; null trains from scratch. */
    checkpoint: z.string().nullable(),
    /** config.json of a model that is trained from scratch, or keys that differ from the checkpoint's. */
    architecture: z.record(z.string(), z.unknown()),
    /** Folder of the tokenizer; null takes the checkpoint's. */
    tokenizer: z.string().nullable(),
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

/**
 * The task of putting a text into one of these classes.
 * @param labels names of the classes; in the data a label is such a name, or its index from 0
 */
export function textClassification({
  labels,
}: {
  labels: readonly string[];
}): TaskKind<TextClassificationConfig, LabelledText, TextInput, EncodedText, ClassifiedText, LabelAnswer> {
  return {
    config: textClassificationConfig,
    paths: {
      files: ["data.train", "data.validation", "data.test"],
      folders: ["model.checkpoint", "model.tokenizer"],
    },
    async create({ model }, context) {
      const tokenizer = await loadTokenizer(await tokenizerFolder(model, context));
      const checkpoint = await checkpointFolder(model, context);
      requireRoom(await modelConfig(model, checkpoint, labels), tokenizer, model.max_length);
      return textClassifier({ labels, tokenizer, maxLength: model.max_length });
    },
    async open(folder) {
      const saved = savedTask.parse(JSON.parse(await readFile(join(folder, taskFile), "utf8")));
      return textClassifier({ ...saved, tokenizer: await loadTokenizer(folder) });
    },
    async read({ data }, { folder }) {
      const schema = rowSchema(data, labels);
      const read = (name: "train" | "validation" | "test") =>
        readTable(resolve(folder, data[name]), schema, { name });
      return { train: await read("train"), validation: await read("validation"), test: await read("test") };
    },
    model: (config, context, train) => createModel(config, context, { labels, train }),
  };
}

const savedTask = z.object({ labels: z.array(z.string()), maxLength: z.int() });

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
    optional: ["tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"],
  });
}

/** config.json of the checkpoint, if there is one, with what the project says otherwise. */
const modelConfig = async (
  { architecture }: TextClassificationConfig["model"],
  checkpoint: string | undefined,
  labels: readonly string[],
): Promise<Record<string, unknown>> => ({
  ...(checkpoint && (await readModelConfig(checkpoint))),
  ...architecture,
  id2label: Object.fromEntries(labels.entries()),
  label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
});

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

/** Rows as { text, label } from the columns that the configuration names; a label is a name, or its index. */
function rowSchema({ text, label }: TextClassificationConfig["data"], labels: readonly string[]) {
  if (text === label)
    throw new TaskError(`data.label must name another column than data.text, got ${label} for both`);
  const names = [...labels, ...labels.map((_, i) => String(i))];
  const indexOfName = (name: string) => names.indexOf(name) % labels.length;
  return z
    .object({
      [text]: z.string().trim().min(1),
      [label]: z.preprocess(asName, z.enum(names)),
    })
    .transform(
      (row): LabelledText => ({ text: row[text] as string, label: indexOfName(row[label] as string) }),
    );
}

/** JSON has numbers, Parquet has them with 64 bits. */
const asName = (label: unknown): unknown =>
  typeof label === "number" || typeof label === "bigint" ? String(label) : label;

async function createModel(
  { model, loss }: TextClassificationConfig,
  context: TaskContext,
  { labels, train }: { readonly labels: readonly string[]; readonly train: readonly LabelledText[] },
): Promise<TaskModel> {
  const checkpoint = await checkpointFolder(model, context);
  const config = await modelConfig(model, checkpoint, labels);
  const classifier = sequenceClassifier(config, labels.length);
  const parameters = namedParameters(classifier);
  const { next: random } = seededRandom(context.seed, "first weights");
  const loaded = checkpoint
    ? await loadWeights(checkpoint, parameters, { base: String(config.model_type), random })
    : { weights: initialize(parameters, random), fresh: [], unused: [] };
  const symbols = {
    input_ids: input("input_ids", "int64", ["batch", "sequence"]),
    attention_mask: input("attention_mask", "int64", ["batch", "sequence"]),
  };
  const target = input("labels", "int64", ["batch"]);
  const weights = classWeights(loss.class_weights, labels, train);
  const trainingLoss = {
    labelSmoothing: loss.label_smoothing,
    ...(weights && { classWeights: constant(float32([labels.length], weights)) }),
  };
  return {
    parameters,
    weights: loaded.weights,
    config,
    notes: [
      ...(loaded.fresh.length > 0 ? [`new weights for ${loaded.fresh.join(", ")}`] : []),
      ...(loaded.unused.length > 0 ? [`the checkpoint's ${loaded.unused.join(", ")} are not used`] : []),
    ],
    forward(pass) {
      const { logits } = classifier.forward(symbols, pass);
      return { loss: crossEntropy(logits, target, pass && trainingLoss), outputs: { logits } };
    },
  };
}

/** Factors of the classes; balanced ones are rows / (classes * rows of the class), as in scikit-learn. */
function classWeights(
  setting: TextClassificationConfig["loss"]["class_weights"],
  labels: readonly string[],
  train: readonly LabelledText[],
): readonly number[] | undefined {
  if (setting === null) return undefined;
  if (setting !== "balanced") {
    if (setting.length === labels.length) return setting;
    throw new TaskError(
      `loss.class_weights must have one factor for each of ${labels.join(", ")}, got ${setting.length}`,
    );
  }
  const counts = labels.map((_, index) => train.filter(({ label }) => label === index).length);
  const missing = labels.filter((_, index) => counts[index] === 0);
  if (missing.length > 0)
    throw new TaskError(
      `loss.class_weights=balanced needs rows of every class; the training split has none of ${missing.join(", ")}`,
    );
  return counts.map((count) => train.length / (labels.length * count));
}
