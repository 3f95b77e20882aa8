// Metrics of predicted numbers: error, explained variance, correlation.

const mean = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total / values.length;
};

function meanOver(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  value: (truth: number, predicted: number) => number,
): number {
  if (truth.length !== predicted.length)
    throw new RangeError(`${truth.length} true values, but ${predicted.length} predicted ones`);
  return mean(Float64Array.from({ length: truth.length }, (_, i) => value(truth[i]!, predicted[i]!)));
}

/** Mean squared difference; NaN without rows, as all metrics of this file. */
export const meanSquaredError = (truth: ArrayLike<number>, predicted: ArrayLike<number>): number =>
  meanOver(truth, predicted, (y, guess) => (y - guess) ** 2);

/** Mean absolute difference. */
export const meanAbsoluteError = (truth: ArrayLike<number>, predicted: ArrayLike<number>): number =>
  meanOver(truth, predicted, (y, guess) => Math.abs(y - guess));

/** Coefficient of determination: 1 - error / variance; for a constant truth 1 if it is met exactly, else 0. */
export function r2(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  const center = mean(truth);
  const error = meanSquaredError(truth, predicted);
  const variance = meanOver(truth, truth, (y) => (y - center) ** 2);
  if (variance === 0) return error === 0 ? 1 : 0;
  return 1 - error / variance;
}

/** Linear correlation (Pearson); NaN when one side is constant. */
export function pearson(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  const [centerX, centerY] = [mean(truth), mean(predicted)];
  const covariance = meanOver(truth, predicted, (x, y) => (x - centerX) * (y - centerY));
  const spreadX = meanOver(truth, truth, (x) => (x - centerX) ** 2);
  const spreadY = meanOver(predicted, predicted, (y) => (y - centerY) ** 2);
  return covariance / Math.sqrt(spreadX * spreadY);
}

/** Rank correlation (Spearman): Pearson's of the ranks, ties sharing their mean rank. */
export const spearman = (truth: ArrayLike<number>, predicted: ArrayLike<number>): number =>
  pearson(ranks(truth), ranks(predicted));

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i);
  order.sort((a, b) => values[a]! - values[b]!);
  const result = new Float64Array(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    // Ranks start + 1 to end, all with their mean.
    for (let i = start; i < end; i++) result[order[i]!] = (start + 1 + end) / 2;
  }
  return result;
}
