/** Random forests for regression (Breiman 2001), whose leaves know the region that they stand for. */
import { type Random, seededRandom } from "../../data/index.ts";
import type { DimensionKind, Point } from "./gaussian-process.ts";

/** The part of one dimension that a leaf covers: an interval, or the categories it holds. */
export type Region =
  | { readonly low: number; readonly high: number }
  | { readonly categories: ReadonlySet<number> };

export interface Leaf {
  /** One for each dimension. */
  readonly regions: readonly Region[];
  readonly value: number;
}

/** The leaves of a tree cover the whole space and do not overlap. */
export type Tree = readonly Leaf[];

export interface ForestOptions {
  readonly seed: number;
  /** The categories of each dimension; 0 where it is a number from 0 to 1. */
  readonly categories: readonly number[];
  readonly trees?: number;
  /** Points of a leaf, at least. */
  readonly leafSize?: number;
}

/** Each tree is grown on as many points as there are, drawn with replacement. */
export function growForest(
  points: readonly Point[],
  values: readonly number[],
  { seed, categories, trees = 64, leafSize = 2 }: ForestOptions,
): Tree[] {
  const whole = categories.map(
    (count): Region =>
      count > 0 ? { categories: new Set(Array.from({ length: count }, (_, i) => i)) } : { low: 0, high: 1 },
  );
  const kinds = categories.map((count): DimensionKind => (count > 0 ? "category" : "number"));
  return Array.from({ length: trees }, (_, tree) => {
    const random = seededRandom(seed, "forest", tree);
    const drawn = values.map(() => random.integer(values.length));
    return grow(drawn, whole, { points, values, kinds, leafSize, random });
  });
}

interface Growing {
  readonly points: readonly Point[];
  readonly values: readonly number[];
  readonly kinds: readonly DimensionKind[];
  readonly leafSize: number;
  readonly random: Random;
}

interface Split {
  readonly dimension: number;
  /** Indices of the points on either side. */
  readonly sides: readonly [readonly number[], readonly number[]];
  readonly regions: readonly [Region, Region];
  /** By how much the sum of squared errors falls. */
  readonly gain: number;
}

function grow(rows: readonly number[], regions: readonly Region[], growing: Growing): Leaf[] {
  const split = bestSplit(rows, regions, growing);
  if (!split) return [{ regions, value: mean(rows, growing.values) }];
  return split.sides.flatMap((side, i) =>
    grow(side, regions.with(split.dimension, split.regions[i]!), growing),
  );
}

function bestSplit(rows: readonly number[], regions: readonly Region[], growing: Growing): Split | undefined {
  // Five sixths of the dimensions compete (as in Hutter et al.'s forests): trees differ, and none misses what matters.
  const dimensions = growing.random.shuffle(regions.keys()).slice(0, Math.ceil((regions.length * 5) / 6));
  let best: Split | undefined;
  for (const dimension of dimensions) {
    const split = splitAlong(dimension, rows, regions[dimension]!, growing);
    if (split && split.gain > (best?.gain ?? 1e-12)) best = split;
  }
  return best;
}

/** Categories are taken in the order of their means: then the best of all two-part splits is among those of the order. */
function splitAlong(
  dimension: number,
  rows: readonly number[],
  region: Region,
  { points, values, kinds, leafSize }: Growing,
): Split | undefined {
  const at = (row: number): number => points[row]![dimension]!;
  const rank =
    kinds[dimension] === "category"
      ? meansOf(Map.groupBy(rows, at), values)
      : (coordinate: number) => coordinate;
  const sorted = [...rows].sort((a, b) => rank(at(a)) - rank(at(b)) || at(a) - at(b));
  const total = sorted.reduce((sum, row) => sum + values[row]!, 0);
  let left = 0;
  let best: { at: number; gain: number } | undefined;
  for (let i = 1; i < sorted.length; i++) {
    left += values[sorted[i - 1]!]!;
    if (at(sorted[i - 1]!) === at(sorted[i]!) || i < leafSize || sorted.length - i < leafSize) continue;
    const gain = left ** 2 / i + (total - left) ** 2 / (sorted.length - i) - total ** 2 / sorted.length;
    if (gain > (best?.gain ?? 0)) best = { at: i, gain };
  }
  if (!best) return undefined;
  const sides = [sorted.slice(0, best.at), sorted.slice(best.at)] as const;
  const edge = (at(sides[0].at(-1)!) + at(sides[1][0]!)) / 2;
  return { dimension, sides, gain: best.gain, regions: halves(region, new Set(sides[0].map(at)), edge) };
}

/** Categories that no point of the node has go to the second part. */
function halves(region: Region, first: ReadonlySet<number>, edge: number): [Region, Region] {
  if ("low" in region)
    return [
      { low: region.low, high: edge },
      { low: edge, high: region.high },
    ];
  return [
    { categories: region.categories.intersection(first) },
    { categories: region.categories.difference(first) },
  ];
}

function meansOf(
  groups: ReadonlyMap<number, readonly number[]>,
  values: readonly number[],
): (category: number) => number {
  const means = new Map([...groups].map(([category, rows]) => [category, mean(rows, values)]));
  return (category) => means.get(category)!;
}

const mean = (rows: readonly number[], values: readonly number[]): number =>
  rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
