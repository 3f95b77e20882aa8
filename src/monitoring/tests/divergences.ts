/** How far the shares of bins or categories are apart. */
import { binCounts, rangeOf, type Shares, sturgesEdges } from "../bins.ts";
import { eachValue, type NumericSample } from "../sample.ts";

/** The Jensen-Shannon distance: the root of the divergence (Lin 1991, natural logarithm), from 0 to √ln 2. */
export function jensenShannon({ reference, current }: Shares): number {
  const middle = reference.map((p, i) => (p + current[i]!) / 2);
  const divergence = (relativeEntropy(reference, middle) + relativeEntropy(current, middle)) / 2;
  return Math.sqrt(Math.max(0, divergence));
}

/** The Kullback-Leibler divergence (1951) of the reference from the current shares. */
export function kullbackLeibler(shares: Shares): number {
  const { reference, current } = withoutZeros(shares);
  return relativeEntropy(normalised(reference), normalised(current));
}

/** The population stability index: both Kullback-Leibler divergences together. */
export function populationStability(shares: Shares): number {
  const { reference, current } = withoutZeros(shares);
  return reference.reduce((sum, p, i) => sum + (p - current[i]!) * Math.log(p / current[i]!), 0);
}

/** The Hellinger distance (1909), from 0 to 1. */
export function hellinger({ reference, current }: Shares): number {
  const overlap = reference.reduce((sum, p, i) => sum + Math.sqrt(p * current[i]!), 0);
  return Math.sqrt(1 - Math.min(1, overlap));
}

/** Bins for the Hellinger distance: as many as the different values of both ask for by Sturges' rule. */
export function hellingerShares(reference: NumericSample, current: NumericSample): Shares {
  let distinct = 0;
  eachValue(reference, current, () => distinct++);
  const edges = sturgesEdges(rangeOf(reference, current), distinct);
  const of = (sample: NumericSample) => binCounts(sample, edges).map((count) => count / sample.values.length);
  return { reference: of(reference), current: of(current) };
}

const relativeEntropy = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, share, i) => sum + (share === 0 ? 0 : share * Math.log(share / q[i]!)), 0);

const normalised = (shares: readonly number[]): number[] => {
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
};

/** A logarithm of 0 helps nobody: an empty bin counts as 0.0001, or as a millionth of the smallest share below that. */
function withoutZeros({ reference, current }: Shares): Shares {
  return { reference: filled(reference), current: filled(current) };
}

function filled(shares: readonly number[]): number[] {
  const least = Math.min(...shares.filter((share) => share > 0));
  const standIn = least <= 0.0001 ? least / 1e6 : 0.0001;
  return shares.map((share) => share || standIn);
}
