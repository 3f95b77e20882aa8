/** Losses, put together from other operators. */
import { ShapeError } from "../errors.ts";
import { operator } from "../operator.ts";
import { product, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { softplus } from "./activations.ts";
import { equal, where } from "./condition.ts";
import { abs, add, div, exp, log, mul, neg, sub } from "./elementwise.ts";
import { indexSelect, pick, scatterAdd } from "./lookup.ts";
import { mean, sum } from "./reduce.ts";
import { flattenRows, reshape, unsqueeze } from "./shape.ts";
import { logSoftmax } from "./softmax.ts";

/** How the losses of single elements become the result: "none" leaves them as they are. */
export type LossReduction = "mean" | "sum" | "none";

const reduce = (losses: Tensor, reduction: LossReduction): Tensor =>
  reduction === "none" ? losses : reduction === "sum" ? sum(losses) : mean(losses);

export interface ClassLossOptions {
  /** float32 [classes]: how much each class counts. */
  readonly classWeights?: Tensor;
  /** Labels that do not count, -100 unless given. */
  readonly ignoreIndex?: number;
  readonly reduction?: LossReduction;
}

export interface CrossEntropyOptions extends ClassLossOptions {
  /** Share of the target that is spread over all classes (Szegedy et al. 2016, section 7). */
  readonly labelSmoothing?: number;
}

/**
 * -log softmax(logits)[label] of each row. Statistic: all logarithms of the softmax.
 *
 * dlogits = dy softmax(logits), less dy at the label. Subtracting it at one place of each row instead of through a
 * matrix of zeros and ones takes 160 instead of 370 ms for 1,024 rows and T5's vocabulary of 32,128.
 */
const softmaxCrossEntropy = operator<2>("LogSoftmax", {
  shape: ([, labels]) => labels.shape,
  requires: ([logits, labels]) => ({
    ...{ indices: labels, atMost: logits.dim(-1), what: "the classes of the scores", table: logits },
  }),
  statistics: ([logits]) => [{ shape: logits.shape }],
  emit: (graph, [logits, labels]) => {
    const logProbabilities = graph.node("LogSoftmax", [logits!], { attributes: { axis: -1 } });
    const column = graph.node("Unsqueeze", [labels!, graph.integers([1])]);
    const picked = graph.node("GatherElements", [logProbabilities, column], { attributes: { axis: 1 } });
    return [graph.node("Neg", [graph.node("Squeeze", [picked, graph.integers([1])])]), logProbabilities];
  },
  gradient: ({ inputs: [, labels], outputs: [, logProbabilities], upstream }) => {
    const rows = unsqueeze(upstream, 1);
    const spread = mul(exp(logProbabilities!), rows);
    return [scatterAdd(spread, unsqueeze(labels, 1), neg(rows), 1), undefined];
  },
});

/**
 * Cross-entropy of class labels, averaged over those that count, by their weights where classes have them.
 * @param logits [..., classes]
 * @param labels int64 [...]
 * @returns      a scalar, or [...] with reduction "none"
 * @throws {ShapeError} when there is not one label for each row
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  { labelSmoothing = 0, ...options }: CrossEntropyOptions = {},
): Tensor {
  const rows = flattenRows(logits);
  return labelLoss("crossEntropy", logits, labels, options, (flat, { classWeights, counted, weights }) => {
    const losses = mul(softmaxCrossEntropy(rows, flat), weights);
    if (labelSmoothing === 0) return losses;
    const all = neg(logSoftmax(rows));
    const spread = mul(mean(classWeights ? mul(all, classWeights) : all, { axes: [-1] }), counted);
    return add(mul(losses, 1 - labelSmoothing), mul(spread, labelSmoothing));
  });
}

/**
 * Negative log likelihood of class labels: what `crossEntropy` takes of logits, of logarithms of probabilities.
 * @param logProbabilities [..., classes]
 * @param labels           int64 [...]
 */
export function nllLoss(logProbabilities: Tensor, labels: Tensor, options: ClassLossOptions = {}): Tensor {
  const rows = flattenRows(logProbabilities);
  return labelLoss("nllLoss", logProbabilities, labels, options, (flat, { weights }) =>
    mul(neg(pick(rows, flat)), weights),
  );
}

/** How much each row counts, float32 [rows]. */
interface RowWeights {
  readonly classWeights: Tensor | undefined;
  /** 0 for ignored labels, else 1. */
  readonly counted: Tensor;
  /** The weight of the label's class; 0 for ignored labels. */
  readonly weights: Tensor;
}

/** Losses of rows, of which ignored labels take no part; the mean divides by the weights. */
function labelLoss(
  name: string,
  scores: Tensor,
  labels: Tensor,
  { classWeights, ignoreIndex = -100, reduction = "mean" }: ClassLossOptions,
  lossesOf: (labels: Tensor, rows: RowWeights) => Tensor,
): Tensor {
  if (!sameShape(scores.shape.slice(0, -1), labels.shape) || labels.dtype !== "int64")
    throw new ShapeError(
      name,
      [scores.shape, labels.shape],
      `an int64 label for each row was expected, the labels are ${labels.dtype}`,
    );
  const flat = reshape(labels, [product(labels.shape)]);
  const ignored = equal(flat, ignoreIndex);
  const known = where(ignored, 0, flat);
  const counted = where(ignored, 0, 1);
  const weights = classWeights ? mul(indexSelect(classWeights, known, 0), counted) : counted;
  const losses = lossesOf(known, { classWeights, counted, weights });
  if (reduction === "none") return reshape(losses, labels.shape);
  return reduction === "sum" ? sum(losses) : div(sum(losses), sum(weights));
}

interface LossOptions {
  readonly reduction?: LossReduction;
}

/**
 * Cross-entropy of probabilities of the classes.
 * @param logits        [..., classes]
 * @param probabilities [..., classes]
 */
export const softCrossEntropy = (
  logits: Tensor,
  probabilities: Tensor,
  { reduction = "mean" }: LossOptions = {},
): Tensor => reduce(neg(sum(mul(logSoftmax(logits), probabilities), { axes: [-1] })), reduction);

interface BinaryCrossEntropyOptions extends LossOptions {
  /** Weight of the positive cases, broadcast over the last axes. */
  readonly positiveWeight?: Tensor;
}

/**
 * Binary cross-entropy of independent labels.
 * @param logits  [...]
 * @param targets float32 [...] within 0 and 1
 */
export function bceWithLogits(
  logits: Tensor,
  targets: Tensor,
  { positiveWeight, reduction = "mean" }: BinaryCrossEntropyOptions = {},
): Tensor {
  // -w y log sigmoid(x) - (1 - y) log(1 - sigmoid(x)) = (1 - y) x + (1 + (w - 1) y) softplus(-x)
  const positives = softplus(neg(logits));
  const weighted = positiveWeight ? mul(positives, add(mul(targets, sub(positiveWeight, 1)), 1)) : positives;
  return reduce(add(mul(logits, sub(1, targets)), weighted), reduction);
}

/** Mean of the squared differences. */
export function mseLoss(x: Tensor, y: Tensor, { reduction = "mean" }: LossOptions = {}): Tensor {
  const difference = sub(x, y);
  return reduce(mul(difference, difference), reduction);
}

/** Mean of the absolute differences. */
export const l1Loss = (x: Tensor, y: Tensor, { reduction = "mean" }: LossOptions = {}): Tensor =>
  reduce(abs(sub(x, y)), reduction);

/**
 * Kullback-Leibler divergence of `probabilities` from what was predicted, summed over classes and averaged over rows.
 * @param logProbabilities [batch, ..., classes], the prediction
 * @param probabilities    of the same shape
 */
export function klDivergence(logProbabilities: Tensor, probabilities: Tensor): Tensor {
  // 0 log 0 = 0
  const isZero = equal(probabilities, 0);
  const entropy = mul(probabilities, log(where(isZero, 1, probabilities)));
  const losses = sub(entropy, mul(probabilities, logProbabilities));
  return mean(
    reshape(sum(losses, { axes: losses.shape.flatMap((_, axis) => (axis === 0 ? [] : [axis])) }), [
      losses.dim(0),
    ]),
  );
}
