/** The standard normal distribution: density, distribution function and quantiles. */

export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

/**
 * Phi(z), by the continued fraction of Mills' ratio far out and the power series near zero (Abramowitz & Stegun 1964,
 * 26.2.14 and 26.2.11); both are exact to rounding where they are used.
 */
export function normalProbability(z: number): number {
  const distance = Math.abs(z);
  if (distance > 38) return z > 0 ? 1 : 0;
  const tail = distance < 3 ? 0.5 - seriesFromZero(distance) : normalDensity(distance) * mills(distance);
  return z > 0 ? 1 - tail : tail;
}

/** Phi(z) - 1/2 for z >= 0. */
function seriesFromZero(z: number): number {
  let term = z;
  let sum = z;
  for (let i = 1; term > 1e-17 * sum; i++) {
    term *= (z * z) / (2 * i + 1);
    sum += term;
  }
  return sum * normalDensity(z);
}

/** (1 - Phi(z)) / phi(z) for z of 3 and more. */
export function mills(z: number): number {
  let fraction = z;
  for (let i = 60; i > 0; i--) fraction = z + i / fraction;
  return 1 / fraction;
}

/** The z with Phi(z) = p, by bisection: exact to rounding, and quick enough for a draw. */
export function normalQuantile(p: number): number {
  if (p <= 0) return -38;
  if (p >= 1) return 38;
  let [low, high] = [-38, 38];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalProbability(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
