/** Tests on means: of the values, and of their characteristic function. */
import { MonitoringError } from "../monitoring-error.ts";
import { moments, type NumericSample, quantile } from "../sample.ts";
import { studentTwoTails } from "../special/beta.ts";
import { chiSquareTail } from "../special/gamma.ts";

/** Student's t test of two means, two-sided, with one variance of both. */
export function tTest({ values: reference }: NumericSample, { values: current }: NumericSample): number {
  const [a, b] = [moments(reference), moments(current)];
  const [m, n] = [reference.length, current.length];
  const freedom = m + n - 2;
  const variance = ((a.squares + b.squares) / freedom) * (1 / m + 1 / n);
  if (!(variance > 0))
    throw new MonitoringError(
      "undefined_test",
      "the t test needs values that differ, those of each side are the same",
    );
  return studentTwoTails((a.mean - b.mean) / Math.sqrt(variance), freedom);
}

/** Where the characteristic functions are compared, in semi-interquartile ranges (Epps & Singleton 1986, section 3). */
const points = [0.4, 0.8];

/**
 * The Epps-Singleton test (1986): the empirical characteristic functions of both samples at two points, compared by their
 * covariance; chi-square with four degrees of freedom.
 */
export function eppsSingleton(reference: NumericSample, current: NumericSample): number {
  const [m, n] = [reference.values.length, current.values.length];
  const both = new Float64Array(m + n);
  both.set(reference.values);
  both.set(current.values, m);
  both.sort();
  const scale = (quantile(both, 0.75) - quantile(both, 0.25)) / 2;
  if (!(scale > 0))
    throw new MonitoringError(
      "undefined_test",
      "the Epps-Singleton test needs values that differ, the middle half of both samples is the same",
    );
  const [a, b] = [waves(reference.values, scale), waves(current.values, scale)];
  const all = m + n;
  const covariance = a.covariance.map((row, i) =>
    row.map((value, j) => (all / m) * value + (all / n) * b.covariance[i]![j]!),
  );
  const difference = a.means.map((mean, i) => mean - b.means[i]!);
  const solved = solve(covariance, difference);
  const statistic = all * difference.reduce((sum, value, i) => sum + value * solved[i]!, 0);
  const correction = Math.max(m, n) < 25 ? 1 / (1 + all ** -0.45 + 10.1 * (m ** -1.7 + n ** -1.7)) : 1;
  return chiSquareTail(correction * statistic, 4);
}

/** Means and covariances (divided by their number) of cos t x and sin t x at the points. */
function waves(values: Float64Array, scale: number): { means: number[]; covariance: number[][] } {
  const series = [
    ...points.map((t) => values.map((x) => Math.cos((t / scale) * x))),
    ...points.map((t) => values.map((x) => Math.sin((t / scale) * x))),
  ];
  const means = series.map((wave) => moments(wave).mean);
  const covariance = series.map((a, i) =>
    series.map((b, j) => {
      let sum = 0;
      for (let k = 0; k < a.length; k++) sum += (a[k]! - means[i]!) * (b[k]! - means[j]!);
      return sum / a.length;
    }),
  );
  return { means, covariance };
}

/** x with A x = b, by Gaussian elimination with pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const head = rows[column]!;
    if (Math.abs(head[column]!) < 1e-14)
      throw new MonitoringError(
        "undefined_test",
        "the Epps-Singleton test needs more than a few different values",
      );
    for (const row of rows) {
      if (row === head) continue;
      const factor = row[column]! / head[column]!;
      for (let k = column; k <= size; k++) row[k]! -= factor * head[k]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}
