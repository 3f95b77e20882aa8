/** Tests on how often each value occurs. */
import type { CountedSample } from "../sample.ts";
import { chiSquareTail, normalTail } from "../special/gamma.ts";

/**
 * Pearson's chi-square test (1900) of whether the current values occur in the shares of the reference. A value that the
 * reference lacks is impossible by it: the probability is 0.
 */
export function chiSquare(reference: CountedSample, current: CountedSample): number {
  const values = unionOf(reference, current);
  let statistic = 0;
  for (const value of values) {
    const expected = (reference.counts.get(value) ?? 0) * (current.size / reference.size);
    const observed = current.counts.get(value) ?? 0;
    statistic += (observed - expected) ** 2 / expected;
  }
  return values.length < 2 ? 1 : chiSquareTail(statistic, values.length - 1);
}

/** The z test of two proportions, two-sided with pooled variance: that of the first value against all others. */
export function proportions(reference: CountedSample, current: CountedSample): number {
  const [first, ...others] = unionOf(reference, current).sort(ascending);
  if (others.length === 0) return 1;
  const [m, n] = [reference.size, current.size];
  const [a, b] = [reference.counts.get(first!) ?? 0, current.counts.get(first!) ?? 0];
  const pooled = (a + b) / (m + n);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n));
  return 2 * normalTail(Math.abs(a / m - b / n) / deviation);
}

const unionOf = (a: CountedSample, b: CountedSample): (string | number)[] => [
  ...new Set([...a.counts.keys(), ...b.counts.keys()]),
];

const ascending = (a: string | number, b: string | number): number => (a < b ? -1 : 1);
