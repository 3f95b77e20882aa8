/** How much each parameter of a sweep matters. */
import type { JsonRecord } from "../../tracking/index.ts";
import type { PastTrial } from "./bayes-search.ts";
import type { Parameters } from "./parameter.ts";
import { growForest, type Region, type Tree } from "./regression-forest.ts";
import { searchSpace } from "./search-space.ts";

export interface ParameterImportance {
  readonly key: string;
  /** Share of the variance of the metric over the whole space that this parameter alone explains. */
  readonly importance: number;
  /**
   * Spearman's rank correlation of a number with the metric, from -1 to 1; missing for what is no number and where
   * all values are the same.
   */
  readonly correlation?: number;
}

/** Fewer trials say nothing. */
const fewestTrials = 4;

/**
 * Functional ANOVA over a random forest (Hutter, Hoos & Leyton-Brown 2014, "An efficient approach for assessing
 * hyperparameter importance", algorithm 2): the forest says what the metric is everywhere, not only where the method
 * looked, and the variance of each parameter's marginal mean is its main effect. What is missing to 1 are effects of
 * several parameters together.
 *
 * @returns the most important first; empty for fewer than four measured trials
 */
export function parameterImportance(
  parameters: Parameters,
  trials: readonly PastTrial[],
  { seed = 0 } = {},
): ParameterImportance[] {
  const space = searchSpace(parameters);
  const measured = trials.flatMap(({ parameters, value }) => {
    const point = space.pointOf(parameters);
    return point && value !== undefined ? [{ parameters, value, point }] : [];
  });
  if (measured.length < fewestTrials) return [];
  const shares = space.keys.map((key) => sharesOf(parameters, key));
  const forest = growForest(
    measured.map(({ point }) => point),
    measured.map(({ value }) => value),
    { seed, categories: shares.map((share) => share?.length ?? 0) },
  );
  const effects = forest.map((tree) => mainEffects(tree, shares)).filter((effect) => effect !== undefined);
  return space.keys
    .map((key, d) => ({
      key,
      importance: effects.length ? effects.reduce((sum, effect) => sum + effect[d]!, 0) / effects.length : 0,
      ...correlationOf(key, measured),
    }))
    .sort((a, b) => b.importance - a.importance);
}

/** Probabilities of the categories; undefined for a number, whose space is as long everywhere. */
type Shares = readonly number[] | undefined;

function sharesOf(parameters: Parameters, key: string): Shares {
  const parameter = parameters.get(key);
  return parameter?.kind === "choice" ? parameter.probabilities : undefined;
}

const sizeOf = (region: Region, shares: Shares): number =>
  "low" in region
    ? region.high - region.low
    : [...region.categories].reduce((sum, category) => sum + shares![category]!, 0);

/** For each dimension V_d / V of one tree; undefined for a tree that is the same everywhere. */
function mainEffects(tree: Tree, shares: readonly Shares[]): number[] | undefined {
  const leaves = tree.map((leaf) => {
    const sizes = leaf.regions.map((region, d) => sizeOf(region, shares[d]));
    return { ...leaf, sizes, volume: sizes.reduce((product, size) => product * size, 1) };
  });
  const mean = leaves.reduce((sum, { volume, value }) => sum + volume * value, 0);
  const variance = leaves.reduce((sum, { volume, value }) => sum + volume * (value - mean) ** 2, 0);
  if (!(variance > 1e-12)) return undefined;
  return shares.map((share, d) => {
    let effect = 0;
    for (const { size, holds } of cellsOf(tree, d, share)) {
      let marginal = 0;
      for (const { regions, sizes, volume, value } of leaves)
        if (sizes[d]! > 0 && holds(regions[d]!)) marginal += (volume / sizes[d]!) * value;
      effect += size * (marginal - mean) ** 2;
    }
    return effect / variance;
  });
}

interface Cell {
  readonly size: number;
  /** Whether a leaf's region covers the cell. */
  holds(region: Region): boolean;
}

/** The finest parts of a dimension that the tree tells apart. */
function cellsOf(tree: Tree, d: number, shares: Shares): Cell[] {
  if (shares)
    return shares.map((size, category) => ({
      size,
      holds: (region) => "categories" in region && region.categories.has(category),
    }));
  const edges = new Set(
    tree.flatMap(({ regions }) => {
      const region = regions[d]!;
      return "low" in region ? [region.low, region.high] : [];
    }),
  );
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(1).map((high, i) => {
    const middle = (sorted[i]! + high) / 2;
    return {
      size: high - sorted[i]!,
      holds: (region) => "low" in region && region.low < middle && middle < region.high,
    };
  });
}

function correlationOf(
  key: string,
  measured: readonly { readonly parameters: JsonRecord; readonly value: number }[],
): { correlation?: number } {
  const pairs = measured.map(({ parameters, value }) => [parameters[key], value] as const);
  if (pairs.some(([parameter]) => typeof parameter !== "number")) return {};
  const [a, b] = [
    ranks(pairs.map(([parameter]) => Number(parameter))),
    ranks(pairs.map(([, value]) => value)),
  ];
  const centre = (pairs.length - 1) / 2;
  const sum = (f: (i: number) => number): number => pairs.reduce((total, _, i) => total + f(i), 0);
  const spread = Math.sqrt(sum((i) => (a[i]! - centre) ** 2) * sum((i) => (b[i]! - centre) ** 2));
  return spread > 0 ? { correlation: sum((i) => (a[i]! - centre) * (b[i]! - centre)) / spread } : {};
}

/** From 0; equal values share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
}
