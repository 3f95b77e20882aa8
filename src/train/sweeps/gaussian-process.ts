/**
 * Regression with a Gaussian process (Rasmussen & Williams 2006, algorithms 2.1 and 5.1): Matérn 5/2 kernel with one
 * length scale for each dimension, as Snoek, Larochelle & Adams 2012 ("Practical Bayesian optimization of machine
 * learning algorithms") advise for hyperparameters. The kernel's own parameters are those of the highest posterior
 * density; weak priors keep them sensible where there are few points.
 */
import { cholesky, invert, solveLower, solveUpper } from "./cholesky.ts";

/** `category`: two values are the same or they are not. */
export type DimensionKind = "number" | "category";

/** Coordinates: numbers in [0, 1], categories as their index. */
export type Point = Float64Array;

export interface GaussianProcess {
  /** Mean and standard deviation of the function (without noise) at a point. */
  predict(point: Point): { readonly mean: number; readonly deviation: number };
  /** The same kernel with further points. */
  withPoints(points: readonly Point[], values: readonly number[]): GaussianProcess;
}

interface Kernel {
  /** One for each dimension. */
  readonly lengthScales: Float64Array;
  readonly variance: number;
  readonly noise: number;
}

/**
 * Fits a process to values of mean 0 and variance 1.
 * @param points [n] of [dimensions]
 */
export function fitGaussianProcess(
  points: readonly Point[],
  values: readonly number[],
  kinds: readonly DimensionKind[],
): GaussianProcess {
  const squares = squaredDistances(points, kinds);
  const starts = [0.3, 1].map((scale) => startAt(scale, kinds.length));
  const fits = starts.map((start) => maximise(start, (at) => logPosterior(at, squares, values)));
  const best = fits.reduce((a, b) => (b.value > a.value ? b : a));
  return condition(toKernel(best.at), points, values, kinds);
}

/** Logarithms of the length scales, then of the variance, then of the noise. */
const startAt = (lengthScale: number, dimensions: number): Float64Array =>
  Float64Array.from([...Array<number>(dimensions).fill(Math.log(lengthScale)), 0, Math.log(1e-3)]);

const toKernel = (at: Float64Array): Kernel => ({
  lengthScales: at.slice(0, -2).map(Math.exp),
  variance: Math.exp(at.at(-2)!),
  // A floor keeps the matrix invertible when two trials had the same parameters.
  noise: Math.exp(at.at(-1)!) + 1e-6,
});

/** Normal priors of the logarithms: mean and standard deviation. */
const priors = (dimensions: number) => ({
  // Longer where there are more dimensions, as points are further from each other there (Hvarfner et al. 2024).
  lengthScale: { mean: Math.log(0.3 * Math.sqrt(dimensions)), deviation: 1 },
  variance: { mean: 0, deviation: 1 },
  noise: { mean: Math.log(1e-4), deviation: 2 },
});

/** Of each dimension the squared differences between all pairs: [dimensions] of [n, n]. */
function squaredDistances(points: readonly Point[], kinds: readonly DimensionKind[]): Float64Array[] {
  const n = points.length;
  return kinds.map((kind, d) => {
    const squares = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        squares[i * n + j] = squaredDifference(points[i]![d]!, points[j]![d]!, kind);
    return squares;
  });
}

function squaredDifference(a: number, b: number, kind: DimensionKind): number {
  if (kind === "category") return a === b ? 0 : 1;
  return (a - b) ** 2;
}

const root5 = Math.sqrt(5);

/** Matérn 5/2 at a scaled distance. */
const matern = (r: number): number => (1 + root5 * r + (5 / 3) * r * r) * Math.exp(-root5 * r);

/** The logarithm of the posterior density of the kernel's parameters, up to a constant, and its gradient. */
function logPosterior(
  at: Float64Array,
  squares: readonly Float64Array[],
  values: readonly number[],
): { value: number; gradient: Float64Array } | undefined {
  const n = values.length;
  const dimensions = squares.length;
  const { lengthScales, variance, noise } = toKernel(at);
  const covariance = new Float64Array(n * n);
  /** d k / d log(length scale) without the dimension's own factor. */
  const slope = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const index = i * n + j;
      let square = 0;
      for (let d = 0; d < dimensions; d++) square += squares[d]![index]! / lengthScales[d]! ** 2;
      const r = Math.sqrt(square);
      covariance[index] = variance * matern(r);
      slope[index] = variance * (5 / 3) * (1 + root5 * r) * Math.exp(-root5 * r);
      covariance[j * n + i] = covariance[index]!;
      slope[j * n + i] = slope[index]!;
    }
    covariance[i * n + i]! += noise;
  }
  const lower = cholesky(covariance, n);
  if (!lower) return undefined;
  const alpha = solveUpper(lower, solveLower(lower, Float64Array.from(values)));
  const inverse = invert(lower, n);
  let value = 0;
  for (let i = 0; i < n; i++) value -= 0.5 * values[i]! * alpha[i]! + Math.log(lower[i * n + i]!);

  const gradient = new Float64Array(dimensions + 2);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const index = i * n + j;
      // 1/2 tr((alpha alpha^T - K^-1) dK/dtheta), equation 5.9
      const weight = 0.5 * (alpha[i]! * alpha[j]! - inverse[index]!);
      for (let d = 0; d < dimensions; d++)
        gradient[d]! += (weight * slope[index]! * squares[d]![index]!) / lengthScales[d]! ** 2;
      gradient[dimensions]! += weight * (covariance[index]! - (i === j ? noise : 0));
      if (i === j) gradient[dimensions + 1]! += weight * (noise - 1e-6);
    }
  }
  const prior = priors(dimensions);
  for (let d = 0; d < dimensions + 2; d++) {
    const { mean, deviation } =
      d < dimensions ? prior.lengthScale : d === dimensions ? prior.variance : prior.noise;
    const z = (at[d]! - mean) / deviation;
    value -= 0.5 * z * z;
    gradient[d]! -= z / deviation;
  }
  return { value, gradient };
}

/**
 * Climbs by the signs of the gradient with a step of its own for each coordinate (Rprop: Riedmiller & Braun 1993; for
 * Gaussian processes Blum & Riedmiller 2013). No line search, no matrix, and a bad start does no harm.
 */
function maximise(
  start: Float64Array,
  f: (at: Float64Array) => { value: number; gradient: Float64Array } | undefined,
  { iterations = 40 } = {},
): { at: Float64Array; value: number } {
  let at = Float64Array.from(start);
  let best = { at, value: Number.NEGATIVE_INFINITY };
  const steps = new Float64Array(start.length).fill(0.2);
  let previous = new Float64Array(start.length);
  for (let i = 0; i < iterations; i++) {
    const here = f(at);
    if (!here) break;
    if (here.value > best.value) best = { at, value: here.value };
    const gradient = Float64Array.from(here.gradient);
    const next = Float64Array.from(at);
    for (let d = 0; d < at.length; d++) {
      const agreement = gradient[d]! * previous[d]!;
      if (agreement > 0) steps[d] = Math.min(1, steps[d]! * 1.2);
      else if (agreement < 0) {
        steps[d] = Math.max(1e-4, steps[d]! * 0.5);
        gradient[d] = 0;
      }
      next[d] = at[d]! + Math.sign(gradient[d]!) * steps[d]!;
    }
    previous = gradient;
    at = next;
  }
  return best;
}

function condition(
  kernel: Kernel,
  points: readonly Point[],
  values: readonly number[],
  kinds: readonly DimensionKind[],
): GaussianProcess {
  const { lengthScales, variance } = kernel;
  const n = points.length;
  const between = (a: Point, b: Point): number => {
    let square = 0;
    for (const [d, kind] of kinds.entries())
      square += squaredDifference(a[d]!, b[d]!, kind) / lengthScales[d]! ** 2;
    return variance * matern(Math.sqrt(square));
  };
  const { lower, alpha } = factor(kernel, points, values, between);
  return {
    predict(point) {
      const covariances = new Float64Array(n);
      let mean = 0;
      for (let i = 0; i < n; i++) {
        const covariance = between(points[i]!, point);
        covariances[i] = covariance;
        mean += covariance * alpha[i]!;
      }
      const half = solveLower(lower, covariances);
      let explained = 0;
      for (let i = 0; i < n; i++) explained += half[i]! ** 2;
      return { mean, deviation: Math.sqrt(Math.max(1e-12, variance - explained)) };
    },
    withPoints: (more, theirs) => condition(kernel, [...points, ...more], [...values, ...theirs], kinds),
  };
}

function factor(
  { noise }: Kernel,
  points: readonly Point[],
  values: readonly number[],
  between: (a: Point, b: Point) => number,
) {
  const n = points.length;
  for (let jitter = noise; ; jitter *= 10) {
    const covariance = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        covariance[i * n + j] = between(points[i]!, points[j]!) + (i === j ? jitter : 0);
    const lower = cholesky(covariance, n);
    if (lower) return { lower, alpha: solveUpper(lower, solveLower(lower, Float64Array.from(values))) };
  }
}
