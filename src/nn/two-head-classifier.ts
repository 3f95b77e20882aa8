/** One network for images, two questions: the rank and the suit of a playing card. */
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

export const twoHeadConfig = mobilenetv3Config.omit({ num_classes: true }).extend({
  ranks: z.int().positive().default(13),
  suits: z.int().positive().default(4),
  /** Of the red, green and blue values in [0, 1], by which the network normalises its input. */
  mean: channels.default([0.485, 0.456, 0.406]),
  std: channels.default([0.229, 0.224, 0.225]),
});

export type TwoHeadConfig = z.output<typeof twoHeadConfig>;

/**
 * What training does with the convolutional part: "full" trains it, "frozen" keeps its parameters while its batch
 * norms go on normalising by the batch and following it, "frozen_eval" keeps it as it is.
 */
export type BackboneMode = "full" | "frozen" | "frozen_eval";

export interface TwoHeadOutputs {
  /** [batch, embedding] */
  readonly embedding: Tensor;
  /** [batch, ranks] */
  readonly rank_logits: Tensor;
  /** [batch, suits] */
  readonly suit_logits: Tensor;
}

export class TwoHeadClassifier extends Module {
  readonly model: Mobilenetv3;
  readonly rank_head: Linear;
  readonly suit_head: Linear;
  readonly #mean: Tensor;
  readonly #deviation: Tensor;

  constructor(config: TwoHeadConfig) {
    super();
    const layout = mobilenetv3Layout(config);
    this.model = new Mobilenetv3(layout);
    this.rank_head = new Linear(layout.embedding, config.ranks);
    this.suit_head = new Linear(layout.embedding, config.suits);
    this.#mean = constant(float32([3, 1, 1], config.mean));
    this.#deviation = constant(float32([3, 1, 1], config.std));
  }

  /**
   * @param images [batch, 3, height, width], values in [0, 1]
   * @param pass given while training
   */
  forward(images: Tensor, pass?: TrainingPass, backbone: BackboneMode = "full"): TwoHeadOutputs {
    return this.headForward(this.poolFeatures(images, backbone === "frozen_eval" ? undefined : pass), pass);
  }

  /**
   * The features that the heads see. While the backbone is "frozen_eval" they never change: computed once for each
   * image, they can be kept, and training needs `headForward` alone.
   * @param images [batch, 3, height, width], values in [0, 1]
   * @returns [batch, pooled]
   */
  poolFeatures(images: Tensor, pass?: TrainingPass): Tensor {
    const normalized = div(sub(images, this.#mean), this.#deviation);
    return poolImages(this.model.convolve(normalized, pass).at(-1)!);
  }

  /** @param features [batch, pooled], from `poolFeatures` */
  headForward(features: Tensor, pass?: TrainingPass): TwoHeadOutputs {
    const embedding = this.model.embed(features, pass);
    return {
      embedding,
      rank_logits: this.rank_head.forward(embedding),
      suit_logits: this.suit_head.forward(embedding),
    };
  }

  /** Names of the parameters that training leaves alone. */
  frozen(backbone: BackboneMode): Set<string> {
    if (backbone === "full") return new Set();
    return new Set(namedParameters(this.model.features, "model.features.").keys());
  }
}

export interface CardLabels {
  /** int64 [batch] */
  readonly rank: Tensor;
  /** int64 [batch] */
  readonly suit: Tensor;
}

/**
 * Weighted sum of both cross entropies.
 * @param rankWeight share of the rank; the suit has the rest
 */
export function twoHeadLoss(outputs: TwoHeadOutputs, labels: CardLabels, rankWeight = 0.5): Tensor {
  if (!(rankWeight >= 0 && rankWeight <= 1))
    throw new RangeError(`the weight of the rank must be between 0 and 1, got ${rankWeight}`);
  const rank = crossEntropy(outputs.rank_logits, labels.rank);
  const suit = crossEntropy(outputs.suit_logits, labels.suit);
  return add(mul(rank, rankWeight), mul(suit, 1 - rankWeight));
}
