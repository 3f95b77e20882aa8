/** The gamma function's logarithm and the incomplete gamma function, in which tails of chi-square and normal are told. */

/** Coefficients B_2k / (2k (2k-1)) of Stirling's series (DLMF 5.11.1). */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360, 1 / 156];
const halfLogTwoPi = Math.log(2 * Math.PI) / 2;

/** ln Γ(x) for x > 0, to about 1e-15: Stirling's series from 10 on, the recurrence below. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += Math.log(z);
  const series = stirling.reduceRight((sum, coefficient) => sum / (z * z) + coefficient, 0) / z;
  return (z - 0.5) * Math.log(z) - z + halfLogTwoPi + series - shift;
}

/** Closer than this two steps of a series are the same. */
const precision = 1e-16;
/** Stands for 0 in a continued fraction, as Lentz's algorithm asks. */
const tiny = 1e-300;

/**
 * Q(a, x) = Γ(a, x) / Γ(a) for a > 0, x >= 0: near 1 by the power series (DLMF 8.7.1), in the tail by the continued
 * fraction (DLMF 8.9.2), so that small values keep their digits.
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  const factor = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - factor * lowerSeries(a, x) : factor * upperFraction(a, x);
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * precision; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** By Lentz's algorithm as Thompson and Barnett (1986) modified it. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let value = d;
  for (let n = 1, change = 0; Math.abs(change - 1) > precision && n < 10_000; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b || tiny);
    c = b + numerator / c || tiny;
    change = c * d;
    value *= change;
  }
  return value;
}

/** P(X > x) of a chi-square distribution. */
export const chiSquareTail = (x: number, degreesOfFreedom: number): number =>
  upperGamma(degreesOfFreedom / 2, x / 2);

/** P(Z > z) of the standard normal distribution. */
export const normalTail = (z: number): number => {
  const tail = upperGamma(0.5, (z * z) / 2) / 2;
  return z < 0 ? 1 - tail : tail;
};
