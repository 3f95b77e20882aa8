/** Low-rank adapters (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"). */
import type { NdArray } from "../tensor/index.ts";
import { Linear } from "./layers.ts";
import { Module } from "./module.ts";

export interface LoraOptions {
  /** Columns of A and B: how much an adapter can express. */
  readonly rank: number;
  /** The adapter's part is scaled by alpha / rank. */
  readonly alpha: number;
  /** Last names of the linear layers that are adapted, such as `q_lin` and `v_lin`. */
  readonly targets: readonly string[];
}

/**
 * Adds an adapter to every linear layer of a model whose last name is among the targets.
 * @returns the full names of these layers
 * @throws {RangeError} when a target names no linear layer; says which there are
 */
export function addLora(model: Module, { rank, alpha, targets }: LoraOptions): string[] {
  const layers = [...linearLayers(model)];
  const lastNames = new Set(layers.map(([name]) => lastOf(name)));
  const unknown = targets.filter((target) => !lastNames.has(target));
  if (unknown.length > 0)
    throw new RangeError(
      `the model has no linear layer ${unknown.join(", ")}; there are ${[...lastNames].join(", ")}`,
    );
  const adapted = layers.filter(([name]) => targets.includes(lastOf(name)));
  for (const [, layer] of adapted) layer.adapt({ rank, scale: alpha / rank });
  return adapted.map(([name]) => name);
}

/** Whether a parameter belongs to an adapter. */
export const isLora = (parameter: string): boolean => /\.lora_[AB]\.weight$/.test(parameter);

type Weights = ReadonlyMap<string, NdArray<"float32">>;

/** Weights without adapters that compute the same: W + (alpha / rank) B A. */
export function mergeLora(
  weights: Weights,
  { rank, alpha }: Pick<LoraOptions, "rank" | "alpha">,
): Map<string, NdArray<"float32">> {
  const merged = new Map([...weights].filter(([name]) => !isLora(name)));
  for (const [name, a] of weights) {
    if (!name.endsWith(".lora_A.weight")) continue;
    const layer = name.slice(0, -".lora_A.weight".length);
    const weight = weights.get(`${layer}.weight`)!;
    const b = weights.get(`${layer}.lora_B.weight`)!;
    merged.set(`${layer}.weight`, { ...weight, data: addProduct(weight, b, a, alpha / rank) });
  }
  return merged;
}

/** weight [out, in] + scale b [out, rank] a [rank, in] */
function addProduct(
  weight: NdArray<"float32">,
  b: NdArray<"float32">,
  a: NdArray<"float32">,
  scale: number,
): Float32Array {
  const [outFeatures, rank] = b.shape as [number, number];
  const inFeatures = a.shape[1]!;
  const sum = weight.data.slice();
  for (let row = 0; row < outFeatures; row++)
    for (let k = 0; k < rank; k++) {
      const factor = scale * b.data[row * rank + k]!;
      for (let column = 0; column < inFeatures; column++)
        sum[row * inFeatures + column]! += factor * a.data[k * inFeatures + column]!;
    }
  return sum;
}

function* linearLayers(module: object, prefix = ""): Generator<[name: string, layer: Linear]> {
  for (const [key, value] of Object.entries(module)) {
    if (value instanceof Linear) yield [prefix + key, value];
    else if (value instanceof Module || Array.isArray(value)) yield* linearLayers(value, `${prefix}${key}.`);
  }
}

const lastOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
