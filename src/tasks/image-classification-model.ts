/** The model of an image classification: a network for images with a head for each question. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  areNormsFolded,
  featuresPrefix,
  imageNetworkConfig,
  initialize,
  type LoadedWeights,
  loadWeights,
  MultiHeadClassifier,
  momentsOf,
  multiHeadLoss,
  namedParameters,
  normMeasures,
  openSafetensors,
  withMoments,
} from "../nn/index.ts";
import {
  cast,
  compile,
  div,
  input,
  type NdArray,
  type NdArrays,
  openInference,
  type Parameter,
  type Tensor,
  type TrainingPass,
} from "../tensor/index.ts";
import type { ImageClassificationConfig } from "./image-classification.ts";
import { pixelsName } from "./image-classifier.ts";
import type { Head } from "./image-table.ts";
import type { ArrangedModel, TaskModel } from "./task.ts";
import { TaskError } from "./task-error.ts";

type Weights = ReadonlyMap<string, NdArray<"float32">>;

export interface ImageModelOptions {
  /** With the labels that the model knows. */
  readonly heads: readonly Head[];
  /** Folder of pretrained weights; undefined trains from scratch. */
  readonly checkpoint: string | undefined;
  /** Draws first weights. */
  readonly random: () => number;
  /** Batches of training images as they are, for what depends on them. */
  readonly sample: () => AsyncIterable<NdArrays>;
}

/** Names of files with weights, as Hugging Face's checkpoints and features without a classifier have them. */
export const weightFiles = ["model.safetensors", "features.safetensors"];

export async function imageClassificationModel(
  config: ImageClassificationConfig,
  { heads, checkpoint, random, sample }: ImageModelOptions,
): Promise<TaskModel> {
  const graph = imageGraph(config, heads);
  const { classifier, parameters, network, forward } = graph;
  const { weights, notes } = await firstWeights(parameters, checkpoint, random);
  const described = {
    ...network,
    model_type: "mobilenetv3-small",
    heads: Object.fromEntries(heads.map(({ name, labels }) => [name, labels])),
  };
  return {
    ...{ parameters, weights, config: described, notes, forward },
    frozen: new Set(),
    async arrange(frozen) {
      const still = classifier.stillParts(frozen);
      const isWhole = still === classifier.model.features.length;
      if (isWhole && config.augmentation === null) return headsAlone(graph, weights);
      const isFolded = !isWhole && checkpoint !== undefined && areNormsFolded(weights);
      return {
        parameters,
        forward: (pass) => forward(pass, still),
        weights: isFolded ? await unfolded(graph, weights, sample) : weights,
      };
    },
    // Features that were kept are not among what was trained.
    finish: (trained) => ({
      parameters,
      forward,
      config: described,
      weights: new Map([...weights, ...trained]),
    }),
  };
}

type ImageGraph = ReturnType<typeof imageGraph>;

/** The network from the levels of pictures to loss and logits, and where it can be cut in two. */
function imageGraph({ model, loss }: ImageClassificationConfig, heads: readonly Head[]) {
  const network = imageNetworkConfig.parse(model.architecture);
  const classifier = new MultiHeadClassifier(network, classesOf(heads));
  const { height, width } = model.picture.size;
  const pixels = input(pixelsName, "uint8", ["batch", 3, height, width]);
  const images = div(cast(pixels, { to: "float32" }), 255);
  const targets = Object.fromEntries(heads.map(({ name }) => [name, input(name, "int64", ["batch"])]));
  const shares = lossShares(loss.weights, heads);
  const judge = (features: Tensor, pass?: TrainingPass) => {
    const outputs = classifier.headForward(features, pass);
    const names = heads.map(({ name }) => `${name}_logits` as const);
    return {
      loss: multiHeadLoss(outputs, targets, shares, pass && { labelSmoothing: loss.label_smoothing }),
      outputs: Object.fromEntries(names.map((name) => [name, outputs[name]!])),
    };
  };
  return {
    ...{ network, classifier, judge },
    parameters: namedParameters(classifier),
    /** [batch, pooled] @param still how many parts of the network stay as they are */
    features: (pass?: TrainingPass, still = 0) => classifier.poolFeatures(images, pass, still),
    forward: (pass?: TrainingPass, still = 0) => judge(classifier.poolFeatures(images, pass, still), pass),
  };
}

/** What is trained while no feature changes: the heads, on features that are computed once. */
function headsAlone({ parameters, features, judge }: ImageGraph, weights: Weights): ArrangedModel {
  const pooled = features();
  const kept = input("features", "float32", pooled.shape);
  return {
    parameters: partOf(parameters, false),
    weights: partOf(weights, false),
    forward: (pass) => judge(kept, pass),
    features: {
      parameters: partOf(parameters, true),
      weights: partOf(weights, true),
      outputs: { features: pooled },
    },
  };
}

/**
 * Weights with which batch norms normalise by what they are given. Folded into the convolutions as they were, they
 * would scale everything anew in training, and the features would be lost.
 */
async function unfolded(
  { parameters, network, features }: ImageGraph,
  weights: Weights,
  sample: ImageModelOptions["sample"],
): Promise<Weights> {
  const measures = normMeasures(features(), parameters);
  const session = await openInference(compile(measures, { parameters, weights }).bytes);
  try {
    const measured: NdArrays[] = [];
    for await (const batch of sample())
      measured.push(await session.run({ [pixelsName]: batch[pixelsName]! }));
    return withMoments(weights, momentsOf(measured), network.bn.eps);
  } finally {
    await session.close();
  }
}

const classesOf = (heads: readonly Head[]): Record<string, number> =>
  Object.fromEntries(heads.map(({ name, labels }) => [name, labels.length]));

/** What makes the features, or the rest. */
const partOf = <Value>(all: ReadonlyMap<string, Value>, makesFeatures: boolean): Map<string, Value> =>
  new Map([...all].filter(([name]) => name.startsWith(featuresPrefix) === makesFeatures));

/**
 * How much each head counts in the loss: heads that are not named share what is left to 1.
 * @throws {TaskError} when nothing is left for them
 */
export function lossShares(
  named: Readonly<Partial<Record<string, number>>>,
  heads: readonly Head[],
): Record<string, number> {
  const rest = heads.filter(({ name }) => named[name] === undefined);
  const left = 1 - Object.values(named).reduce<number>((sum, share) => sum + (share ?? 0), 0);
  if (rest.length > 0 && left < 0)
    throw new TaskError(
      `loss.weights must leave something to 1 for ${rest.map(({ name }) => name).join(", ")}, they come to ${1 - left}`,
    );
  return Object.fromEntries(heads.map(({ name }) => [name, named[name] ?? left / rest.length]));
}

/** Those of a checkpoint where it has them: features under torchvision's names, or a model that Havn has saved. */
async function firstWeights(
  parameters: ReadonlyMap<string, Parameter>,
  checkpoint: string | undefined,
  random: () => number,
): Promise<{ weights: Weights; notes: readonly string[] }> {
  if (checkpoint === undefined) return { weights: initialize(parameters, random), notes: [] };
  const file = weightFiles.find((name) => existsSync(join(checkpoint, name)));
  if (!file) throw new TaskError(`model.checkpoint ${checkpoint} must have one of ${weightFiles.join(", ")}`);
  const { entries, close } = await openSafetensors(join(checkpoint, file));
  await close();
  // torchvision's network is a part of this one, called `model` here.
  const isOwn = [...entries.keys()].some((name) => name.startsWith("model."));
  const { weights, fresh, unused } = await loadWeights(checkpoint, parameters, {
    base: featuresPrefix.slice(0, -1),
    random,
    file,
    storedName: (name) => (isOwn ? name : name.replace(/^model\./, "")),
  });
  return { weights, notes: notesOf({ fresh, unused }) };
}

function notesOf({ fresh, unused }: Pick<LoadedWeights, "fresh" | "unused">): string[] {
  const isCounted = (name: string) => !name.endsWith("num_batches_tracked");
  const newOnes = fresh.filter(isCounted);
  return [
    ...(newOnes.length > 0 ? [`new weights for ${newOnes.join(", ")}`] : []),
    ...(unused.length > 0 ? [`the checkpoint's ${unused.join(", ")} are not used`] : []),
  ];
}
