/** One network for images, several questions about each: a head for every question says which class an image has. */
import { z } from "zod";
import {
  add,
  constant,
  crossEntropy,
  div,
  float32,
  mul,
  sub,
  type Tensor,
  type TrainingPass,
} from "../tensor/index.ts";
import {
  Mobilenetv3,
  mobilenetv3Config,
  mobilenetv3Layout,
  poolImages,
} from "./architectures/mobilenetv3.ts";
import { Linear } from "./layers.ts";
import { Module, namedParameters } from "./module.ts";

const channels = z.tuple([z.number(), z.number(), z.number()]);

/** What the network is, whatever it is asked. */
export const imageNetworkConfig = mobilenetv3Config.omit({ num_classes: true }).extend({
  /** Of the red, green and blue values in [0, 1], by which the network normalises its input. */
  mean: channels.default([0.485, 0.456, 0.406]),
  std: channels.default([0.229, 0.224, 0.225]),
});

export type ImageNetworkConfig = z.output<typeof imageNetworkConfig>;

export type MultiHeadOutputs<Head extends string = string> = {
  /** [batch, embedding] */
  readonly embedding: Tensor;
} & {
  /** [batch, classes] */
  readonly [Name in Head as `${Name}_logits`]: Tensor;
};

/** Labels by head, each int64 [batch]; -100 where an image has none. */
export type HeadLabels<Head extends string = string> = Readonly<Record<Head, Tensor>>;

/** MobileNetV3-small with a linear layer for each head; head `rank` has the parameters `rank_head.weight` and `.bias`. */
export class MultiHeadClassifier<Head extends string = string> extends Module {
  readonly model: Mobilenetv3;
  readonly #heads: readonly (readonly [Head, Linear])[];
  readonly #mean: Tensor;
  readonly #deviation: Tensor;

  /** @param classes of each head */
  constructor(config: ImageNetworkConfig, classes: Readonly<Record<Head, number>>) {
    super();
    const layout = mobilenetv3Layout(config);
    this.model = new Mobilenetv3(layout);
    const heads = Object.entries(classes) as [Head, number][];
    this.#heads = heads.map(([name, count]) => [name, new Linear(layout.embedding, count)]);
    Object.assign(this, Object.fromEntries(this.#heads.map(([name, head]) => [`${name}_head`, head])));
    this.#mean = constant(float32([3, 1, 1], config.mean));
    this.#deviation = constant(float32([3, 1, 1], config.std));
  }

  /**
   * The features that the heads see. While nothing that makes them is trained they never change: computed once for
   * each image, they can be kept, and training needs `headForward` alone.
   * @param images [batch, 3, height, width], values in [0, 1]
   * @param pass   given while training
   * @param still  how many parts of the network stay as they are, counted from the images: their batch norms too
   * @returns [batch, pooled]
   */
  poolFeatures(images: Tensor, pass?: TrainingPass, still = 0): Tensor {
    const normalized = div(sub(images, this.#mean), this.#deviation);
    return poolImages(this.model.convolve(normalized, pass, still).at(-1)!);
  }

  /** @param features [batch, pooled], from `poolFeatures` */
  headForward(features: Tensor, pass?: TrainingPass): MultiHeadOutputs<Head> {
    const embedding = this.model.embed(features, pass);
    const logits = this.#heads.map(([name, head]) => [`${name}_logits`, head.forward(embedding)]);
    return { embedding, ...Object.fromEntries(logits) };
  }

  /** How many parts of the network, counted from the images, have no parameter that is trained. */
  stillParts(frozen: ReadonlySet<string>): number {
    const { features } = this.model;
    const isStill = (part: object, i: number) =>
      [...namedParameters(part, `${featuresPrefix}${i}.`).keys()].every((name) => frozen.has(name));
    const firstTrained = features.findIndex((part, i) => !isStill(part, i));
    return firstTrained === -1 ? features.length : firstTrained;
  }

  override forward(images: Tensor, pass?: TrainingPass): MultiHeadOutputs<Head> {
    return this.headForward(this.poolFeatures(images, pass), pass);
  }
}

/** Where the names of the convolutional part's parameters begin. */
export const featuresPrefix = "model.features.";

/**
 * Weighted sum of the heads' cross entropies.
 * @param weights of the heads in the sum
 */
export function multiHeadLoss<Head extends string>(
  outputs: MultiHeadOutputs<Head>,
  labels: HeadLabels<Head>,
  weights: Readonly<Record<Head, number>>,
  options: Parameters<typeof crossEntropy>[2] = {},
): Tensor {
  const logits: Readonly<Record<string, Tensor>> = outputs;
  const losses = (Object.entries(weights) as [Head, number][]).map(([head, weight]) =>
    mul(crossEntropy(logits[`${head}_logits`]!, labels[head], options), weight),
  );
  return losses.reduce((sum, loss) => add(sum, loss));
}
