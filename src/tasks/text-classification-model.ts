/** The model of a text classification: from scratch or from a checkpoint, with low-rank adapters where these are wanted. */
import {
  initialize,
  loadWeights,
  namedParameters,
  readModelConfig,
  type SequenceClassifier,
  sequenceClassifier,
} from "../nn/index.ts";
import { constant, crossEntropy, float32, input, type NdArrays, type TrainingPass } from "../tensor/index.ts";
import { adaptedModel } from "./adapted-model.ts";
import type { ModelGraph, TaskModel } from "./task.ts";
import { TaskError } from "./task-error.ts";
import type { TextClassificationConfig } from "./text-classification.ts";
import type { LabelledText } from "./text-classifier.ts";

/** config.json of the checkpoint, if there is one, with what the project says otherwise. */
export const modelConfig = async (
  { architecture }: TextClassificationConfig["model"],
  checkpoint: string | undefined,
  labels: readonly string[],
): Promise<Record<string, unknown>> => ({
  ...(checkpoint && (await readModelConfig(checkpoint))),
  ...architecture,
  id2label: Object.fromEntries(labels.entries()),
  label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
});

export interface ModelOptions {
  readonly labels: readonly string[];
  readonly train: readonly LabelledText[];
  /** Draws first weights. */
  readonly random: () => number;
}

/** @param checkpoint folder of the pretrained weights; undefined trains from scratch */
export async function textClassificationModel(
  { model, loss }: TextClassificationConfig,
  checkpoint: string | undefined,
  { labels, train, random }: ModelOptions,
): Promise<TaskModel> {
  requireTwoLabels(labels, train);
  const config = await modelConfig(model, checkpoint, labels);
  const base = String(config.model_type);
  const weights = classWeights(loss.class_weights, labels, train);
  const trainingLoss = {
    labelSmoothing: loss.label_smoothing,
    ...(weights && { classWeights: constant(float32([labels.length], weights)) }),
  };
  const plain = graphOf(sequenceClassifier(config, labels.length), trainingLoss);
  const loaded = checkpoint
    ? await loadWeights(checkpoint, plain.parameters, { base, random })
    : { weights: initialize(plain.parameters, random), fresh: [], unused: [] };
  const notes = [
    ...(loaded.fresh.length > 0 ? [`new weights for ${loaded.fresh.join(", ")}`] : []),
    ...(loaded.unused.length > 0 ? [`the checkpoint's ${loaded.unused.join(", ")} are not used`] : []),
  ];
  const whole: TaskModel = {
    ...{ ...plain, config, weights: loaded.weights, notes, frozen: new Set() },
    ...(weights && { lossWeight: ({ labels }: NdArrays) => sumOf(weights, labels!.data as BigInt64Array) }),
    finish: (weights) => ({ ...plain, config, weights }),
  };
  const { lora } = model;
  if (lora === null) return whole;
  return adaptedModel(whole, {
    ...{ lora, base: `${base}.`, random },
    module: sequenceClassifier(config, labels.length),
    graphOf: (classifier) => graphOf(classifier, trainingLoss),
  });
}

/** A model that has seen one label only says that one to everything, and seems to be right. */
function requireTwoLabels(labels: readonly string[], train: readonly LabelledText[]): void {
  const [first] = train;
  if (!first || train.some(({ label }) => label !== first.label)) return;
  throw new TaskError(
    `all ${train.length} rows of the training split are ${labels[first.label]}; a model learns to tell labels apart from rows of two at least`,
  );
}

type TrainingLoss = Parameters<typeof crossEntropy>[2];

function graphOf(classifier: SequenceClassifier, trainingLoss: TrainingLoss): ModelGraph {
  const symbols = {
    input_ids: input("input_ids", "int64", ["batch", "sequence"]),
    attention_mask: input("attention_mask", "int64", ["batch", "sequence"]),
  };
  const target = input("labels", "int64", ["batch"]);
  return {
    parameters: namedParameters(classifier),
    forward(pass?: TrainingPass) {
      const { logits } = classifier.forward(symbols, pass);
      return { loss: crossEntropy(logits, target, pass && trainingLoss), outputs: { logits } };
    },
  };
}

/** The mean over rows divides by the weights of their classes. */
const sumOf = (weights: readonly number[], labels: BigInt64Array): number =>
  [...labels].reduce((sum, label) => sum + weights[Number(label)]!, 0);

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
