/** Standard functions of global optimization, and their minima. */

/** Branin-Hoo on [-5, 10] x [0, 15] (Dixon & Szegő 1978); three minima. */
export const branin = (x: number, y: number): number =>
  (y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6) ** 2 +
  10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) +
  10;

export const braninMinimum = 0.397887357729739;

const weights = [1, 1.2, 3, 3.2];
const scales = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const centres = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

/** Hartmann in six dimensions on the unit cube (Dixon & Szegő 1978); six minima, one of them the lowest. */
export const hartmann6 = (x: readonly number[]): number =>
  -weights.reduce((sum, weight, i) => {
    const distance = x.reduce(
      (total, value, j) => total + scales[i]![j]! * (value - centres[i]![j]!) ** 2,
      0,
    );
    return sum + weight * Math.exp(-distance);
  }, 0);

export const hartmann6Minimum = -3.322368011415512;
