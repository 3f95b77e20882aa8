/** One network for images, two questions: the rank and the suit of a playing card. */
import { z } from "zod";
import type { Tensor, TrainingPass } from "../tensor/index.ts";
import type { Linear } from "./layers.ts";
import { namedParameters } from "./module.ts";
import {
  featuresPrefix,
  type HeadLabels,
  imageNetworkConfig,
  MultiHeadClassifier,
  type MultiHeadOutputs,
  multiHeadLoss,
} from "./multi-head-classifier.ts";

export const twoHeadConfig = imageNetworkConfig.extend({
  ranks: z.int().positive().default(13),
  suits: z.int().positive().default(4),
});

export type TwoHeadConfig = z.output<typeof twoHeadConfig>;

/**
 * What training does with the convolutional part: "full" trains it, "frozen" keeps its parameters while its batch
 * norms go on normalising by the batch and following it, "frozen_eval" keeps it as it is.
 */
export type BackboneMode = "full" | "frozen" | "frozen_eval";

type CardHead = "rank" | "suit";

export type TwoHeadOutputs = MultiHeadOutputs<CardHead>;

export class TwoHeadClassifier extends MultiHeadClassifier<CardHead> {
  declare readonly rank_head: Linear;
  declare readonly suit_head: Linear;

  constructor({ ranks, suits, ...config }: TwoHeadConfig) {
    super(config, { rank: ranks, suit: suits });
  }

  /**
   * @param images [batch, 3, height, width], values in [0, 1]
   * @param pass given while training
   */
  override forward(images: Tensor, pass?: TrainingPass, backbone: BackboneMode = "full"): TwoHeadOutputs {
    return this.headForward(this.poolFeatures(images, backbone === "frozen_eval" ? undefined : pass), pass);
  }

  /** Names of the parameters that training leaves alone. */
  frozen(backbone: BackboneMode): Set<string> {
    if (backbone === "full") return new Set();
    return new Set(namedParameters(this.model.features, featuresPrefix).keys());
  }
}

export type CardLabels = HeadLabels<CardHead>;

/**
 * Weighted sum of both cross entropies.
 * @param rankWeight share of the rank; the suit has the rest
 */
export function twoHeadLoss(outputs: TwoHeadOutputs, labels: CardLabels, rankWeight = 0.5): Tensor {
  if (!(rankWeight >= 0 && rankWeight <= 1))
    throw new RangeError(`the weight of the rank must be between 0 and 1, got ${rankWeight}`);
  return multiHeadLoss(outputs, labels, { rank: rankWeight, suit: 1 - rankWeight });
}
