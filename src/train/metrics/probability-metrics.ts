// Metrics of scores and probabilities: how well they rank, and how far they can be believed.

/** The points of a ROC curve, from the strictest threshold to the loosest. */
export interface RocCurve {
  readonly falsePositiveRate: number[];
  readonly truePositiveRate: number[];
  /** A row is called positive from this score on; the first is Infinity (nothing is). */
  readonly thresholds: number[];
}

/** The points of a precision-recall curve, from the loosest threshold to none at all. */
export interface PrecisionRecallCurve {
  /** One more than thresholds: the last point is precision 1 at recall 0. */
  readonly precision: number[];
  readonly recall: number[];
  readonly thresholds: number[];
}

/** Rows counted at each distinct score, from the highest down. */
interface Thresholds {
  readonly scores: number[];
  /** Positives with at least this score. */
  readonly truePositives: number[];
  /** Negatives with at least this score. */
  readonly falsePositives: number[];
}

function countByThreshold(truth: ArrayLike<number>, scores: ArrayLike<number>): Thresholds {
  if (truth.length !== scores.length)
    throw new RangeError(`${truth.length} true labels, but ${scores.length} scores`);
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  order.sort((a, b) => scores[b]! - scores[a]!);
  const counts: Thresholds = { scores: [], truePositives: [], falsePositives: [] };
  let positives = 0;
  order.forEach((row, i) => {
    positives += truth[row]! > 0 ? 1 : 0;
    const next = order[i + 1];
    if (next !== undefined && scores[next] === scores[row]) return;
    counts.scores.push(scores[row]!);
    counts.truePositives.push(positives);
    counts.falsePositives.push(i + 1 - positives);
  });
  return counts;
}

/** Whether the curve bends at point i, so that it cannot be left out. */
const bends = (values: readonly number[], i: number): boolean =>
  values[i + 1]! - 2 * values[i]! + values[i - 1]! !== 0;

/**
 * ROC curve; points in the middle of a straight line are left out, as scikit-learn does.
 *
 * @param truth  1 (positive) or 0 of each row
 * @param scores any number that is higher for positives
 * @returns rates that are NaN where one of the two classes is missing
 */
export function rocCurve(truth: ArrayLike<number>, scores: ArrayLike<number>): RocCurve {
  const { scores: all, truePositives, falsePositives } = countByThreshold(truth, scores);
  const [positives, negatives] = [truePositives.at(-1) ?? 0, falsePositives.at(-1) ?? 0];
  const last = all.length - 1;
  const kept = [...all.keys()].filter(
    (i) => i === 0 || i === last || bends(truePositives, i) || bends(falsePositives, i),
  );
  return {
    falsePositiveRate: [0, ...kept.map((i) => falsePositives[i]!)].map((count) => count / negatives),
    truePositiveRate: [0, ...kept.map((i) => truePositives[i]!)].map((count) => count / positives),
    thresholds: [Number.POSITIVE_INFINITY, ...kept.map((i) => all[i]!)],
  };
}

/**
 * Area under the ROC curve: the probability that a positive scores higher than a negative, ties counting half.
 *
 * @returns NaN where one of the two classes is missing or a score is NaN
 */
export function rocAuc(truth: ArrayLike<number>, scores: ArrayLike<number>): number {
  if (Array.prototype.some.call(scores, Number.isNaN)) return Number.NaN;
  const { falsePositiveRate: x, truePositiveRate: y } = rocCurve(truth, scores);
  let area = 0;
  for (let i = 1; i < x.length; i++) area += ((x[i]! - x[i - 1]!) * (y[i]! + y[i - 1]!)) / 2;
  return area;
}

/** Precision and recall at every distinct score, in ascending order. */
export function precisionRecallCurve(
  truth: ArrayLike<number>,
  scores: ArrayLike<number>,
): PrecisionRecallCurve {
  const { scores: all, truePositives, falsePositives } = countByThreshold(truth, scores);
  const positives = truePositives.at(-1) ?? 0;
  const precision = truePositives.map((hits, i) => hits / (hits + falsePositives[i]!));
  // Without positives every threshold finds all of them.
  const recall = truePositives.map((hits) => (positives === 0 ? 1 : hits / positives));
  return {
    precision: [...precision.reverse(), 1],
    recall: [...recall.reverse(), 0],
    thresholds: all.reverse(),
  };
}

/** Mean precision over the steps of recall, without interpolation. */
export function averagePrecision(truth: ArrayLike<number>, scores: ArrayLike<number>): number {
  const { precision, recall } = precisionRecallCurve(truth, scores);
  let area = 0;
  for (let i = 0; i + 1 < recall.length; i++) area += (recall[i]! - recall[i + 1]!) * precision[i]!;
  return area;
}

// One sure miss shall cost much, but not everything: probabilities are kept in [1e-15, 1 - 1e-15].
const clip = (probability: number): number => Math.min(Math.max(probability, 1e-15), 1 - 1e-15);

/**
 * Mean negative logarithm of the true class's probability (cross-entropy).
 *
 * @param truth         class of each row
 * @param probabilities [rows][classes]
 */
export function logLoss(truth: ArrayLike<number>, probabilities: readonly ArrayLike<number>[]): number {
  let total = 0;
  probabilities.forEach((row, i) => {
    total -= Math.log(clip(row[truth[i]!]!));
  });
  return total / probabilities.length;
}

/** `logLoss` of two classes, from the probability of the positive one. */
export function binaryLogLoss(truth: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < truth.length; i++) {
    const positive = clip(probabilities[i]!);
    total -= Math.log(truth[i]! > 0 ? positive : 1 - positive);
  }
  return total / truth.length;
}

/** Mean squared difference between the probability of the positive class and the truth (Brier 1950). */
export function brierScore(truth: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < truth.length; i++) total += (probabilities[i]! - truth[i]!) ** 2;
  return total / truth.length;
}

const column = (probabilities: readonly ArrayLike<number>[], index: number): number[] =>
  probabilities.map((row) => row[index]!);

/**
 * Mean area under the ROC curves of each class against all others.
 *
 * @param probabilities [rows][classes]
 * @param average       "weighted" counts each class by its rows
 */
export function rocAucOneVsRest(
  truth: readonly number[],
  probabilities: readonly ArrayLike<number>[],
  average: "macro" | "weighted" = "macro",
): number {
  const classes = probabilities[0]?.length ?? 0;
  let total = 0;
  let weights = 0;
  for (let c = 0; c < classes; c++) {
    const isClass = truth.map((label) => (label === c ? 1 : 0));
    const weight = average === "macro" ? 1 : isClass.reduce<number>((sum, one) => sum + one, 0);
    total += weight * rocAuc(isClass, column(probabilities, c));
    weights += weight;
  }
  return total / weights;
}

/** Mean area under the ROC curve over all ordered pairs of classes (Hand & Till 2001, eq. 7). */
export function rocAucOneVsOne(
  truth: readonly number[],
  probabilities: readonly ArrayLike<number>[],
): number {
  const classes = probabilities[0]?.length ?? 0;
  let total = 0;
  for (let a = 0; a < classes; a++) {
    for (let b = 0; b < classes; b++) {
      if (a === b) continue;
      const rows = [...truth.keys()].filter((i) => truth[i] === a || truth[i] === b);
      total += rocAuc(
        rows.map((i) => (truth[i] === a ? 1 : 0)),
        rows.map((i) => probabilities[i]![a]!),
      );
    }
  }
  return total / (classes * (classes - 1));
}

/** Share of rows whose true class is among the k likeliest; of equally likely classes the higher index wins. */
export function topKAccuracy(
  truth: ArrayLike<number>,
  probabilities: readonly ArrayLike<number>[],
  k: number,
): number {
  const found = probabilities.filter((row, i) => {
    const own = row[truth[i]!]!;
    let ahead = 0;
    for (let c = 0; c < row.length; c++) if (row[c]! > own || (row[c]! === own && c > truth[i]!)) ahead++;
    return ahead < k;
  });
  return found.length / probabilities.length;
}

/** Rows whose confidence lies in (lo, hi]. */
export interface CalibrationBin {
  readonly lo: number;
  readonly hi: number;
  readonly count: number;
  /** Share of them that were right; null in an empty bin. */
  readonly accuracy: number | null;
  /** Mean confidence; null in an empty bin. */
  readonly confidence: number | null;
}

/** The reliability diagram: accuracy and confidence in bins of equal width. */
export function calibrationBins(
  truth: ArrayLike<number>,
  probabilities: readonly ArrayLike<number>[],
  bins: number,
): CalibrationBin[] {
  const counts = new Float64Array(bins);
  const right = new Float64Array(bins);
  const confidences = new Float64Array(bins);
  probabilities.forEach((row, i) => {
    let best = 0;
    for (let c = 1; c < row.length; c++) if (row[c]! > row[best]!) best = c;
    let bin = 0;
    while (bin < bins - 1 && row[best]! > (bin + 1) / bins) bin++;
    counts[bin]! += 1;
    right[bin]! += best === truth[i] ? 1 : 0;
    confidences[bin]! += row[best]!;
  });
  return Array.from(counts, (count, bin) => ({
    lo: bin / bins,
    hi: (bin + 1) / bins,
    count,
    accuracy: count === 0 ? null : right[bin]! / count,
    confidence: count === 0 ? null : confidences[bin]! / count,
  }));
}

/** Expected calibration error (Guo et al. 2017, eq. 3): mean gap between confidence and accuracy. */
export function calibrationError(
  truth: ArrayLike<number>,
  probabilities: readonly ArrayLike<number>[],
  { bins = 15 }: { bins?: number } = {},
): number {
  let total = 0;
  for (const { count, accuracy, confidence } of calibrationBins(truth, probabilities, bins))
    if (accuracy !== null && confidence !== null) total += count * Math.abs(accuracy - confidence);
  return total / probabilities.length;
}
