/** Tests on the ranks of two samples in their union. */
import { rangeOf } from "../bins.ts";
import { MonitoringError } from "../monitoring-error.ts";
import { eachValue, type NumericSample } from "../sample.ts";
import { scaledBesselK } from "../special/bessel.ts";
import { logGamma, normalTail } from "../special/gamma.ts";

/**
 * The Mann-Whitney U test (1947) of whether the reference tends to be *less* than the current values, by the normal
 * distribution with corrections for ties and continuity.
 */
export function mannWhitney(reference: NumericSample, current: NumericSample): number {
  const [m, n] = [reference.values.length, current.values.length];
  let [before, rankSum, ties] = [0, 0, 0];
  eachValue(reference, current, (_, inReference, inCurrent) => {
    const equal = inReference + inCurrent;
    rankSum += inReference * (before + (equal + 1) / 2);
    ties += equal ** 3 - equal;
    before += equal;
  });
  const all = m + n;
  const deviation = Math.sqrt(((m * n) / 12) * (all + 1 - ties / (all * (all - 1))));
  requireSpread(deviation > 0, "the Mann-Whitney test");
  const above = m * n - (rankSum - (m * (m + 1)) / 2);
  return normalTail((above - (m * n) / 2 - 0.5) / deviation);
}

/**
 * The two-sample Cramér-von Mises test (Anderson 1962, mid-ranks for ties) by its limiting distribution, which is close
 * from some 20 values on.
 */
export function cramerVonMises(reference: NumericSample, current: NumericSample): number {
  const [m, n] = [reference.values.length, current.values.length];
  const all = m + n;
  let [beforeM, beforeN, ofReference, ofCurrent] = [0, 0, 0, 0];
  eachValue(reference, current, (_, inReference, inCurrent) => {
    const rank = beforeM + beforeN + (inReference + inCurrent + 1) / 2;
    for (let i = 1; i <= inReference; i++) ofReference += (rank - beforeM - i) ** 2;
    for (let i = 1; i <= inCurrent; i++) ofCurrent += (rank - beforeN - i) ** 2;
    beforeM += inReference;
    beforeN += inCurrent;
  });
  const product = m * n;
  const statistic = (m * ofReference + n * ofCurrent) / (product * all) - (4 * product - 1) / (6 * all);
  const expected = (1 + 1 / all) / 6;
  const variance =
    ((all + 1) * (4 * product * all - 3 * (m * m + n * n) - 2 * product)) / (45 * all * all * 4 * product);
  return limitingTail(1 / 6 + (statistic - expected) / Math.sqrt(45 * variance));
}

/** Terms of the series below this are left out, as SciPy does, so that its probabilities are ours. */
const leastTerm = 1e-7;

/** 1 - V(x) of Csörgő and Faraway (1996), equation 1.2. What is left out makes it too large by up to some 1e-8. */
function limitingTail(x: number): number {
  if (x < 0.003) return 1;
  let sum = 0;
  for (let k = 0; k < 1000; k++) {
    const y = 4 * k + 1;
    const q = (y * y) / (16 * x);
    const factor = Math.exp(logGamma(k + 0.5) - logGamma(k + 1)) / (Math.PI ** 1.5 * Math.sqrt(x));
    const term = factor * Math.sqrt(y) * Math.exp(-2 * q) * scaledBesselK(0.25, q);
    sum += term;
    if (term < leastTerm) break;
  }
  return Math.max(0, 1 - sum);
}

/**
 * Critical values of Scholz and Stephens (1987), table 2, for two samples, and the logarithm of the significance of
 * each: the probability is read from the parabola through them (least squares).
 */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: 2.718 is 1.96 + 1.149 - 0.391 and not e.
const critical = [0.325, 1.226, 1.961, 2.718, 3.752, 4.592, 6.546];
const significance = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001];

/**
 * The Anderson-Darling test of two samples (Scholz & Stephens 1987, equation 7: mid-ranks). Its probability is known
 * between 0.001 and 0.25; beyond these it is one of them.
 */
export function andersonDarling(reference: NumericSample, current: NumericSample): number {
  const sizes = [reference.values.length, current.values.length] as const;
  const [m, n] = sizes;
  const all = m + n;
  let [before, beforeM, beforeN, statistic] = [0, 0, 0, 0];
  eachValue(reference, current, (_, inReference, inCurrent) => {
    const equal = inReference + inCurrent;
    const rank = before + equal / 2;
    const spread = rank * (all - rank) - (all * equal) / 4;
    const ofReference = (all * (beforeM + inReference / 2) - rank * m) ** 2 / m;
    const ofCurrent = (all * (beforeN + inCurrent / 2) - rank * n) ** 2 / n;
    // A single value that all have says nothing, and its spread is 0.
    if (spread > 0) statistic += ((equal / all) * (ofReference + ofCurrent)) / spread;
    before += equal;
    beforeM += inReference;
    beforeN += inCurrent;
  });
  const [least, largest] = rangeOf(reference, current);
  requireSpread(least < largest, "the Anderson-Darling test");
  statistic *= (all - 1) / all;
  const standardised = (statistic - 1) / Math.sqrt(andersonDarlingVariance(sizes));
  if (standardised < critical[0]!) return significance[0]!;
  if (standardised > critical.at(-1)!) return significance.at(-1)!;
  const [a, b, c] = parabola(critical, significance.map(Math.log));
  return Math.exp(a + standardised * (b + standardised * c));
}

/** Equation 4 of Scholz and Stephens for k = 2 samples. */
function andersonDarlingVariance([m, n]: readonly [number, number]): number {
  const all = m + n;
  const inverse = 1 / m + 1 / n;
  let [harmonic, g] = [0, 0];
  for (let i = all - 1; i > 1; i--) {
    harmonic += 1 / i;
    g += harmonic / (all - i + 1);
  }
  const h = harmonic + 1;
  const a = 4 * g - 6 + (10 - 6 * g) * inverse;
  const b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6;
  const c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * inverse + 4 * h;
  const d = (2 * h + 6) * 4 - 8 * h;
  return (a * all ** 3 + b * all ** 2 + c * all + d) / ((all - 1) * (all - 2) * (all - 3));
}

/** Coefficients of a + b x + c x² that is closest to the points in the sense of least squares. */
function parabola(xs: readonly number[], ys: readonly number[]): [number, number, number] {
  const power = (k: number) => xs.reduce((sum, x) => sum + x ** k, 0);
  const weighted = (k: number) => xs.reduce((sum, x, i) => sum + x ** k * ys[i]!, 0);
  const [s0, s1, s2, s3, s4] = [xs.length, power(1), power(2), power(3), power(4)] as const;
  const [t0, t1, t2] = [weighted(0), weighted(1), weighted(2)] as const;
  const determinant = (a: number[], b: number[], c: number[]) =>
    a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!) -
    a[1]! * (b[0]! * c[2]! - b[2]! * c[0]!) +
    a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!);
  // Cramer's rule on the normal equations.
  const whole = determinant([s0, s1, s2], [s1, s2, s3], [s2, s3, s4]);
  return [
    determinant([t0, t1, t2], [s1, s2, s3], [s2, s3, s4]) / whole,
    determinant([s0, s1, s2], [t0, t1, t2], [s2, s3, s4]) / whole,
    determinant([s0, s1, s2], [s1, s2, s3], [t0, t1, t2]) / whole,
  ];
}

function requireSpread(differs: boolean, test: string): void {
  if (!differs)
    throw new MonitoringError("undefined_test", `${test} needs values that differ, all of them are the same`);
}
