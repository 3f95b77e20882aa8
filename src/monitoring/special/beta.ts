/** The incomplete beta function, in which tails of Student's t are told. */
import { logGamma } from "./gamma.ts";

const precision = 1e-16;
/** Stands for 0 in a continued fraction, as Lentz's algorithm asks. */
const tiny = 1e-300;

/** I_x(a, b) for a, b > 0 and 0 <= x <= 1, by the continued fraction (DLMF 8.17.22). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean; above it the other side is computed.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const logFactor = a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  return (Math.exp(logFactor) * fraction(x, a, b)) / a;
}

/** By Lentz's algorithm as Thompson and Barnett (1986) modified it. */
function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny);
  let value = d;
  for (let m = 1, change = 0; Math.abs(change - 1) > precision && m < 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || tiny);
    c = 1 + even / c || tiny;
    value *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || tiny);
    c = 1 + odd / c || tiny;
    change = c * d;
    value *= change;
  }
  return value;
}

/** P(|T| > |t|) of Student's distribution. */
export const studentTwoTails = (t: number, degreesOfFreedom: number): number =>
  incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
