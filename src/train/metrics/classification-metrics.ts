// Metrics of predicted classes, all from the confusion matrix. A class without rows has 0 where its ratio is undefined.

/** Counts [truth, predicted]: how often a row of class i was given class j. */
export type ConfusionMatrix = readonly (readonly number[])[];

/** How the ratios of the classes become one: their mean, pooled counts, or the mean weighted by the class's rows. */
export type Average = "macro" | "micro" | "weighted";

/** Precision, recall, F1 and number of rows of each class. */
export interface PerClass {
  readonly precision: number[];
  readonly recall: number[];
  readonly f1: number[];
  readonly support: number[];
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Counts truth against prediction.
 *
 * @param truth     class of each row, 0 to classes - 1
 * @param predicted the same, as predicted
 * @throws {RangeError} when the lengths differ or a class is out of range
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): number[][] {
  if (truth.length !== predicted.length)
    throw new RangeError(`${truth.length} true classes, but ${predicted.length} predicted ones`);
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < truth.length; row++) {
    const [actual, guess] = [truth[row]!, predicted[row]!];
    const counts = matrix[actual];
    if (counts?.[guess] === undefined)
      throw new RangeError(`row ${row}: classes must be 0 to ${classes - 1}, got ${actual} and ${guess}`);
    counts[guess]! += 1;
  }
  return matrix;
}

const hits = (matrix: ConfusionMatrix): number[] => matrix.map((row, i) => row[i]!);
const supports = (matrix: ConfusionMatrix): number[] => matrix.map(sum);
const predictions = (matrix: ConfusionMatrix): number[] =>
  matrix.map((_, column) => sum(matrix.map((row) => row[column]!)));

/** Share of rows whose class was predicted. */
export const accuracy = (matrix: ConfusionMatrix): number => ratio(sum(hits(matrix)), sum(supports(matrix)));

/** Mean recall of the classes that occur in the truth. */
export function balancedAccuracy(matrix: ConfusionMatrix): number {
  const occurring = perClass(matrix).recall.filter((_, i) => sum(matrix[i]!) > 0);
  return ratio(sum(occurring), occurring.length);
}

/** Precision, recall, F1 and support, class by class. */
export function perClass(matrix: ConfusionMatrix): PerClass {
  const support = supports(matrix);
  const predicted = predictions(matrix);
  const hit = hits(matrix);
  return {
    precision: hit.map((count, i) => ratio(count, predicted[i]!)),
    recall: hit.map((count, i) => ratio(count, support[i]!)),
    f1: hit.map((count, i) => ratio(2 * count, predicted[i]! + support[i]!)),
    support,
  };
}

function average(matrix: ConfusionMatrix, metric: "precision" | "recall" | "f1", kind: Average): number {
  // Every row has one class and gets one, so pooled precision, recall and F1 are all the accuracy.
  if (kind === "micro") return accuracy(matrix);
  const { support, ...classes } = perClass(matrix);
  if (kind === "macro") return ratio(sum(classes[metric]), matrix.length);
  return ratio(sum(classes[metric].map((value, i) => value * support[i]!)), sum(support));
}

/** Share of the rows given a class that are of it. */
export const precision = (matrix: ConfusionMatrix, kind: Average): number =>
  average(matrix, "precision", kind);

/** Share of the rows of a class that were given it. */
export const recall = (matrix: ConfusionMatrix, kind: Average): number => average(matrix, "recall", kind);

/** Harmonic mean of precision and recall. */
export const f1 = (matrix: ConfusionMatrix, kind: Average): number => average(matrix, "f1", kind);

/** Matthews correlation for any number of classes (Gorodkin 2004, eq. 8); 0 when one side is constant. */
export function matthewsCorrelation(matrix: ConfusionMatrix): number {
  const truth = supports(matrix);
  const predicted = predictions(matrix);
  const rows = sum(truth);
  const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((value, i) => value * b[i]!));
  const covariance = sum(hits(matrix)) * rows - dot(truth, predicted);
  const spread = (rows ** 2 - dot(predicted, predicted)) * (rows ** 2 - dot(truth, truth));
  return ratio(covariance, Math.sqrt(spread));
}

/** Agreement beyond chance (Cohen 1960); NaN when chance alone would agree on every row. */
export function cohenKappa(matrix: ConfusionMatrix): number {
  const truth = supports(matrix);
  const predicted = predictions(matrix);
  const rows = sum(truth);
  const expected = ratio(sum(truth.map((count, i) => count * predicted[i]!)), rows ** 2);
  return (accuracy(matrix) - expected) / (1 - expected);
}
