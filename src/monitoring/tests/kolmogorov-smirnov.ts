import { eachValue, type NumericSample } from "../sample.ts";

/** Samples of up to so many values are always compared exactly, as SciPy does. */
const exactSize = 10_000;
/** Larger ones are too, where the band has no more cells than this: a tenth of a second. */
const mostCells = 1e7;

/**
 * The two-sample Kolmogorov-Smirnov test, two-sided: the probability of a largest distance between the two empirical
 * distribution functions that is this large or larger, where both samples are of one distribution. Exact, unless both
 * samples are so large that the limiting distribution is as good.
 */
export function kolmogorovSmirnov(reference: NumericSample, current: NumericSample): number {
  const [m, n] = [reference.values.length, current.values.length];
  const distance = largestDistance(reference, current);
  if (distance === 0) return 1;
  const effective = (m * n) / (m + n);
  const share = distance / (m * n);
  const exponent = effective * share * share;
  // 2 exp(-2 x) below the smallest number.
  if (exponent > 375) return 0;
  const cells = Math.min(m * n, 2 * distance);
  const isExact = Math.max(m, n) <= exactSize || cells <= mostCells;
  return isExact ? exactTail(m, n, distance) : limitingTail(exponent);
}

/** m n times the largest distance between the empirical distribution functions, which is a whole number. */
function largestDistance(a: NumericSample, b: NumericSample): number {
  const [m, n] = [a.values.length, b.values.length];
  let [belowA, belowB, largest] = [0, 0, 0];
  eachValue(a, b, (_, inA, inB) => {
    belowA += inA;
    belowB += inB;
    largest = Math.max(largest, Math.abs(belowA * n - belowB * m));
  });
  return largest;
}

/**
 * P(m n D >= distance) over all orders of two samples: a walk from (0, 0) to (m, n), where the last step to (i, j) was
 * one of the first sample with probability i / (i + j). The share of walks that have left the band |i n - j m| <
 * distance is summed up without any subtraction (Viehmann 2021, arXiv:2102.08037), so small values keep their digits.
 */
function exactTail(m: number, n: number, distance: number): number {
  // Rows over the smaller sample, so that a row is long and the rows are few.
  const [rows, columns] = m < n ? [m, n] : [n, m];
  /** Share of the walks to (i, j) that have left the band; 1 outside of it. */
  const left = new Float64Array(columns + 1).fill(1);
  for (let i = 0; i <= rows; i++) {
    // Inside: |i columns - j rows| < distance.
    const first = Math.max(0, Math.floor((i * columns - distance) / rows) + 1);
    const last = Math.min(columns, Math.ceil((i * columns + distance) / rows) - 1);
    let before = 1;
    for (let j = first; j <= last; j++) {
      before = i + j === 0 ? 0 : (i * left[j]! + j * before) / (i + j);
      left[j] = before;
    }
    // The band moves to the right: what it leaves behind is outside for the rows to come.
    left.fill(1, 0, first);
  }
  return left[columns]!;
}

/** 2 Σ (-1)^(k-1) exp(-2 k² x), Smirnov's limit (1939) with x = D² m n / (m + n). */
function limitingTail(exponent: number): number {
  let sum = 0;
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * exponent);
    sum += k % 2 === 1 ? term : -term;
    if (term < 1e-17) break;
  }
  return Math.min(1, 2 * sum);
}
