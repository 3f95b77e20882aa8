/** What a model that is traced for training asks of the step: random masks, values that follow the batches, and what to keep. */
import { TensorError } from "./errors.ts";
import type { Shape } from "./shape.ts";
import { type Buffer, Tensor } from "./tensor.ts";

/**
 * Handed to a model's `forward` while it is traced for training; absent otherwise, so that dropout does nothing and
 * batch normalisation uses what it has kept.
 */
export class TrainingPass {
  #sites = 0;
  readonly #boundaries = new Set<Tensor>();
  readonly #updates = new Map<Buffer, Tensor>();

  /**
   * Factors of the given shape: 0 with probability `rate`, else 1 / (1 - rate). Each call is a site with a number of
   * its own, and is drawn from (seed, step, site, position) alone: a resumed run draws what an uninterrupted one would
   * have drawn.
   */
  mask(shape: Shape, rate: number): Tensor {
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout must be at least 0 and below 1, got ${rate}`);
    return new Tensor("float32", shape, { kind: "mask", site: this.#sites++, rate });
  }

  /**
   * Says that a layer ends here, and returns its result. Where memory matters more than time, values within a layer are
   * computed again from the end of the layer before rather than kept.
   */
  boundary(result: Tensor): Tensor {
    this.#boundaries.add(result);
    return result;
  }

  /** The ends of all layers, for `compileTraining`. */
  get boundaries(): ReadonlySet<Tensor> {
    return this.#boundaries;
  }

  /** The value that a buffer has after the batch. */
  update(buffer: Buffer, value: Tensor): void {
    if (this.#updates.has(buffer)) throw new TensorError("a buffer is updated twice in one pass");
    this.#updates.set(buffer, value);
  }

  /** All updates, for `compileTraining`. */
  get updates(): ReadonlyMap<Buffer, Tensor> {
    return this.#updates;
  }
}
