/** The beta distribution with shapes `a` and `b`, both above 0: numbers between 0 and 1. */

export interface BetaShape {
  readonly a: number;
  readonly b: number;
}

/** I_x(a, b), the share of the distribution below x. By its continued fraction (DLMF, section 8.17, equation 22). */
export function betaProbability(x: number, { a, b }: BetaShape): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side; on the other one the complement does.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaProbability(1 - x, { a: b, b: a });
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  return front * continuedFraction(x, a, b);
}

/** The x with I_x(a, b) = p, by bisection: exact to rounding, and quick enough for a draw. */
export function betaQuantile(p: number, shape: BetaShape): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let [low, high] = [0, 1];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (betaProbability(middle, shape) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** 1/(1 + d1/(1 + d2/(1 + ...))), from its beginning (Lentz's method as Thompson and Barnett 1986 improved it). */
function continuedFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const awayFromZero = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= mostTerms; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    const before = fraction;
    for (const term of [even, odd]) {
      d = 1 / awayFromZero(1 + term * d);
      c = awayFromZero(1 + term / c);
      fraction *= c * d;
    }
    if (Math.abs(fraction - before) < 1e-15 * Math.abs(fraction)) break;
  }
  return fraction;
}

/** It takes about the square root of the larger shape. */
const mostTerms = 10_000;

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** Stirling's series (DLMF 5.11.1), from where it is exact to rounding; the recurrence leads there. */
function logGamma(x: number): number {
  if (x < 15) return logGamma(x + 1) - Math.log(x);
  const inverse = 1 / (x * x);
  const series = 1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series / x;
}
