/** Parameters, gradients and optimizer state of a model, side by side in one memory. */
import { TensorError } from "../errors.ts";
import { KernelMemory, padded } from "../kernels/kernels.ts";
import { type NdArray, sizeOf } from "../ndarray.ts";
import type { Segment } from "../optimizers.ts";

type Arrays = ReadonlyMap<string, NdArray<"float32">>;

/** How the optimizer treats a parameter. */
export interface Treatment {
  /** 1, or 0 for parameters that do not decay. */
  readonly decay: number;
  /** Factor on the learning rate. */
  readonly rateScale: number;
}

interface Place {
  readonly shape: readonly number[];
  /** First float within an area. */
  readonly start: number;
  readonly count: number;
}

/**
 * An area for the parameters, and one of trained parameters alone for each further use: gradients, slots of the
 * optimizer. The trained ones come first, so that a parameter has the same place in every area.
 */
export class ParameterMemory {
  readonly memory: KernelMemory;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #trained: readonly string[];
  readonly #areas: readonly string[];
  /** Floats of all parameters. */
  readonly #size: number;
  /** Floats of the trained parameters. */
  readonly trainedSize: number;

  /** @param areas names of the areas beside "parameters" */
  constructor(parameters: Arrays, trained: ReadonlySet<string>, areas: readonly string[]) {
    const names = [...parameters.keys()];
    const ordered = [
      ...names.filter((name) => trained.has(name)),
      ...names.filter((name) => !trained.has(name)),
    ];
    const places = new Map<string, Place>();
    let start = 0;
    let trainedSize = 0;
    for (const name of ordered) {
      const { shape } = parameters.get(name)!;
      places.set(name, { shape, start, count: sizeOf(shape) });
      start += padded(sizeOf(shape));
      if (trained.has(name)) trainedSize = start;
    }
    this.#places = places;
    this.#trained = names.filter((name) => trained.has(name));
    this.#areas = areas;
    this.#size = start;
    this.trainedSize = trainedSize;
    this.memory = new KernelMemory(4 * (start + trainedSize * areas.length));
    this.write("parameters", parameters);
  }

  get names(): string[] {
    return [...this.#places.keys()];
  }

  /** Byte offset of an area, or of a parameter in it. */
  offset(area: string, name?: string): number {
    const start = name === undefined ? 0 : this.#place(name).start;
    if (area === "parameters") return 4 * start;
    return 4 * (this.#size + this.#areas.indexOf(area) * this.trainedSize + start);
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
      (area === "parameters" ? this.names : this.#trained).map((name) => {
        const view = this.view(area, name);
        return [name, { ...view, data: view.data.slice() }];
      }),
    );
  }

  /** The trained parameters as segments for the optimizer: neighbours of equal treatment are one. */
  segments(slots: readonly string[], treatmentOf: (name: string) => Treatment): (Segment & Treatment)[] {
    const segments: (Segment & Treatment)[] = [];
    for (const name of this.#trained) {
      const { decay, rateScale } = treatmentOf(name);
      const parameter = this.offset("parameters", name);
      const count = padded(this.#place(name).count);
      const last = segments.at(-1);
      const isNeighbour = last && last.parameter + 4 * last.count === parameter;
      if (isNeighbour && last.decay === decay && last.rateScale === rateScale)
        segments[segments.length - 1] = { ...last, count: last.count + count };
      else {
        const gradient = this.offset("gradients", name);
        const offsets = slots.map((slot) => this.offset(slot, name));
        segments.push({ parameter, gradient, slots: offsets, count, decay, rateScale });
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
