/** Distances between the distribution functions of two samples. */
import { eachValue, moments, type NumericSample } from "../sample.ts";

/** A constant reference would make every distance endless. */
const leastDeviation = 0.001;

/** The first Wasserstein distance, in standard deviations of the reference (of the population). */
export function wasserstein(reference: NumericSample, current: NumericSample): number {
  const { squares } = moments(reference.values);
  const deviation = Math.sqrt(squares / reference.values.length);
  return between(reference, current, Math.abs) / Math.max(deviation, leastDeviation);
}

/** The energy distance (Székely & Rizzo 2013), the root of twice the integral of the squared difference. */
export const energy = (reference: NumericSample, current: NumericSample): number =>
  Math.sqrt(2 * between(reference, current, (difference) => difference * difference));

/** The integral of what `measure` makes of the difference of the two distribution functions. */
function between(a: NumericSample, b: NumericSample, measure: (difference: number) => number): number {
  const [m, n] = [a.values.length, b.values.length];
  let [belowA, belowB, last, sum] = [0, 0, 0, 0];
  eachValue(a, b, (value, inA, inB) => {
    if (belowA + belowB > 0) sum += measure(belowA / m - belowB / n) * (value - last);
    belowA += inA;
    belowB += inB;
    last = value;
  });
  return sum;
}
