/** Losses, put together from other operators. */
import type { Tensor } from "../tensor.ts";
import { div, equal, mul, neg, where } from "./elementwise.ts";
import { pick } from "./lookup.ts";
import { logSoftmax } from "./normalize.ts";
import { sum } from "./reduce.ts";

/**
 * Cross-entropy of class labels, averaged over those that count.
 * @param logits [..., classes]
 * @param labels int64 [...]; -100 does not count
 * @returns      a scalar
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const ignored = equal(labels, -100);
  const counted = where(ignored, 0, 1);
  const logLikelihood = pick(logSoftmax(logits), where(ignored, 0, labels));
  return div(neg(sum(mul(logLikelihood, counted))), sum(counted));
}
