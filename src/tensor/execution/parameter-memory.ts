/** Parameters, gradients and optimizer state of a model, side by side in one memory. */
import { TensorError } from "../errors.ts";
import { KernelMemory, padded } from "../kernels/kernels.ts";
import { type NdArray, sizeOf } from "../ndarray.ts";
import type { Segment } from "../optimizers.ts";

type Arrays = ReadonlyMap<string, NdArray<"float32">>;

interface Place {
  readonly shape: readonly number[];
  /** First float within an area. */
  readonly start: number;
  readonly count: number;
}

/** One area for each use; in each, a parameter has the same place. */
export class ParameterMemory {
  readonly memory: KernelMemory;
  readonly #places: ReadonlyMap<string, Place>;
  /** Floats of one area. */
  readonly size: number;
  readonly #areas: readonly string[];

  /** @param areas names of the areas: "parameters", "gradients", slots of the optimizer */
  constructor(parameters: Arrays, areas: readonly string[]) {
    const places = new Map<string, Place>();
    let start = 0;
    for (const [name, { shape }] of parameters) {
      places.set(name, { shape, start, count: sizeOf(shape) });
      start += padded(sizeOf(shape));
    }
    this.#places = places;
    this.#areas = areas;
    this.size = start;
    this.memory = new KernelMemory(4 * start * areas.length);
    this.write("parameters", parameters);
  }

  get names(): string[] {
    return [...this.#places.keys()];
  }

  /** Byte offset of an area, or of a parameter in it. */
  offset(area: string, name?: string): number {
    const start = name === undefined ? 0 : this.#place(name).start;
    return 4 * (this.#areas.indexOf(area) * this.size + start);
  }

  /** A parameter's array in an area, over the memory itself. */
  view(area: string, name: string): NdArray<"float32"> {
    const { shape, count } = this.#place(name);
    return { dtype: "float32", shape, data: this.memory.floats(this.offset(area, name), count) };
  }

  /** Copies arrays into an area. */
  write(area: string, arrays: Arrays): void {
    for (const [name, { shape, data }] of arrays) {
      const view = this.view(area, name);
      if (view.shape.join() !== shape.join())
        throw new TensorError(
          `${name} must have shape [${view.shape.join(", ")}], got [${shape.join(", ")}]`,
        );
      view.data.set(data);
    }
  }

  /** Copies an area out. */
  read(area: string): Map<string, NdArray<"float32">> {
    return new Map(
      this.names.map((name) => {
        const view = this.view(area, name);
        return [name, { ...view, data: view.data.slice() }];
      }),
    );
  }

  /** Neighbouring parameters of equal `decays` as one segment each, for the optimizer. */
  segments(names: readonly string[], slots: readonly string[], decays: (name: string) => boolean) {
    const segments: (Segment & { decay: number })[] = [];
    for (const name of this.names.filter((candidate) => names.includes(candidate))) {
      const decay = Number(decays(name));
      const parameter = this.offset("parameters", name);
      const count = padded(this.#place(name).count);
      const last = segments.at(-1);
      if (last && last.decay === decay && last.parameter + 4 * last.count === parameter)
        segments[segments.length - 1] = { ...last, count: last.count + count };
      else {
        const gradient = this.offset("gradients", name);
        segments.push({
          parameter,
          gradient,
          slots: slots.map((slot) => this.offset(slot, name)),
          count,
          decay,
        });
      }
    }
    return segments;
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (!place) throw new TensorError(`the model has no parameter ${name}`);
    return place;
  }
}
