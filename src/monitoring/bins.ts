/** Values put into bins of equal width, and the shares of the bins. */
import { type CountedSample, countValues, distinctValues, type NumericSample } from "./sample.ts";

/** Shares of the same bins or categories in both samples; each sums up to 1. */
export interface Shares {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** Numbers that the reference has no more of are categories. */
const mostCategories = 20;

/** Numbers of many values in bins of both samples together by Sturges' rule, others value by value. */
export function numericShares(reference: NumericSample, current: NumericSample): Shares {
  if (distinctValues(reference, mostCategories + 1) <= mostCategories)
    return countedShares(countValues(reference), countValues(current));
  const edges = sturgesEdges(rangeOf(reference, current), reference.values.length + current.values.length);
  return { reference: sharesOf(reference, edges), current: sharesOf(current, edges) };
}

export function countedShares(reference: CountedSample, current: CountedSample): Shares {
  const values = [...new Set([...reference.counts.keys(), ...current.counts.keys()])];
  const of = ({ counts, size }: CountedSample) => values.map((value) => (counts.get(value) ?? 0) / size);
  return { reference: of(reference), current: of(current) };
}

const sharesOf = (sample: NumericSample, edges: readonly number[]): number[] =>
  binCounts(sample, edges).map((count) => count / sample.values.length);

/** Least and largest value of both. */
export function rangeOf({ values: a }: NumericSample, { values: b }: NumericSample): [number, number] {
  return [Math.min(a[0]!, b[0]!), Math.max(a.at(-1)!, b.at(-1)!)];
}

/** Edges of log2(size) + 1 bins (Sturges 1926), rounded up; of one bin around a single value. */
export function sturgesEdges([least, largest]: readonly [number, number], size: number): number[] {
  const range = largest - least;
  if (range === 0) return [least - 0.5, largest + 0.5];
  const width = range / (Math.log2(size) + 1);
  const bins = Math.ceil(range / width);
  const step = range / bins;
  return [...Array.from({ length: bins }, (_, i) => least + i * step), largest];
}

/** How many values are in each bin: from its lower edge up to, but not including, its upper edge; the last includes both. */
export function binCounts({ values }: NumericSample, edges: readonly number[]): number[] {
  const below = edges.map((edge, i) => countBelow(values, edge, i === edges.length - 1));
  return below.slice(1).map((count, i) => count - below[i]!);
}

/** How many of the sorted values are less than a limit, or equal to it too. */
function countBelow(values: Float64Array, limit: number, orEqual: boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit || (orEqual && values[middle] === limit)) low = middle + 1;
    else high = middle;
  }
  return low;
}
