/** Draws the dropout masks of a step into memory that is kept from step to step. */
import { KernelMemory, padded } from "../kernels/kernels.ts";
import { type NdArrays, sizeOf } from "../ndarray.ts";
import type { Mask } from "../program.ts";
import type { Shape } from "../shape.ts";

export class DropoutMasks {
  readonly #masks: readonly Mask[];
  readonly #seed: number;
  readonly #memory = new KernelMemory(0);

  constructor(masks: readonly Mask[], seed: number) {
    this.#masks = masks;
    this.#seed = seed;
  }

  /**
   * The masks of one run, a function of the seed and these numbers alone.
   * @param dimensions sizes of the named dimensions
   */
  draw(step: number, microBatch: number, dimensions: ReadonlyMap<string, number>): NdArrays {
    const shapes = this.#masks.map(({ shape }) => shape.map((dim) => sizeOfDimension(dim, dimensions)));
    const counts = shapes.map((shape) => padded(sizeOf(shape)));
    this.#memory.reserve(4 * counts.reduce((sum, count) => sum + count, 0));
    let offset = 0;
    return Object.fromEntries(
      this.#masks.map(({ name, site, rate }, i) => {
        const [key1, key2] = keysOf([this.#seed, step, microBatch, site]);
        const threshold = Math.round(rate * 2 ** 32);
        this.#memory.kernels.dropoutMask(offset, counts[i]!, key1, key2, threshold, 1 / (1 - rate));
        const data = this.#memory.floats(offset, sizeOf(shapes[i]!));
        offset += 4 * counts[i]!;
        return [name, { dtype: "float32", shape: shapes[i]!, data }];
      }),
    );
  }
}

/** Two 32-bit keys from a list of numbers (the mixing of MurmurHash3's finalizer, once per number). */
function keysOf(numbers: readonly number[]): [number, number] {
  let low = 0x2545f491;
  let high = 0x1b873593;
  for (const number of numbers) {
    low = mix(low ^ number);
    high = mix(high ^ (low + Math.floor(number / 2 ** 32)));
  }
  return [low, high];
}

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

function sizeOfDimension(dim: Shape[number], dimensions: ReadonlyMap<string, number>): number {
  if (typeof dim === "number") return dim;
  return dim.split("*").reduce((size, part) => size * (dimensions.get(part) ?? Number(part)), 1);
}

/** The sizes that named dimensions have in these arrays. */
export function dimensionsOf(
  signatures: readonly { readonly name: string; readonly shape: Shape }[],
  arrays: NdArrays,
): Map<string, number> {
  const dimensions = new Map<string, number>();
  for (const { name, shape } of signatures)
    shape.forEach((dim, axis) => {
      const size = arrays[name]?.shape[axis];
      if (typeof dim === "string" && size !== undefined) dimensions.set(dim, size);
    });
  return dimensions;
}
