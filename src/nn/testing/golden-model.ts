/** Reference values of one tiny model, computed by Hugging Face's or torchvision's own code (tests only). */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { NdArray } from "../../tensor/index.ts";
import { readSafetensors } from "../safetensors.ts";

export interface GoldenSummary {
  /** Parameters whose gradient is zero by construction: Adam makes noise of it. */
  readonly gradients: { readonly zero_gradient: readonly string[] };
  /** By optimizer, the losses before each of five steps. */
  readonly training: Readonly<Record<string, { readonly losses: readonly number[] }>>;
}

export class GoldenModel<Summary = GoldenSummary> {
  readonly name: string;
  /** Whether the files are on this machine; where they are not, that is said aloud. */
  readonly available: boolean;
  readonly #folder: string;

  constructor(name: string) {
    this.name = name;
    this.#folder = fileURLToPath(new URL(`../../../../shared/goldens/models/${name}/`, import.meta.url));
    this.available = existsSync(this.#folder);
    if (!this.available) console.warn(`SKIPPED: the golden files of ${name} are not at ${this.#folder}`);
  }

  json<T>(file: string): T {
    return JSON.parse(readFileSync(`${this.#folder}${file}.json`, "utf8")) as T;
  }

  get summary(): Summary {
    return this.json("summary");
  }

  async tensors(file: string): Promise<Map<string, NdArray>> {
    return (await readSafetensors(`${this.#folder}${file}.safetensors`)).tensors;
  }

  /** The model's parameters before training. */
  async weights(): Promise<Map<string, NdArray<"float32">>> {
    return (await this.tensors("model")) as Map<string, NdArray<"float32">>;
  }
}

export const floats = (array: NdArray | undefined): Float32Array => array!.data as Float32Array;

/** Largest absolute difference of two arrays; infinite where their lengths differ or a number is not one. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((largest, value, i) => {
    const difference = Math.abs(value - b[i]!);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
  }, 0);
}

/** What the golden files allow a float32 gradient: 1e-5 and 1e-4 of the tensor's largest element. */
export const gradientTolerance = (reference: Float32Array): number =>
  1e-5 + 1e-4 * reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
