/** Dropout masks as values of the graph: the executor draws them anew for each step. */
import type { Shape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/**
 * Hands out the random values of one traced model. Each gets a site number in the order of the calls, and is drawn
 * from (seed, step, site, position) alone: a resumed run draws what an uninterrupted one would have drawn.
 */
export class RandomStream {
  #sites = 0;

  /** Factors of the given shape: 0 with probability `rate`, else 1 / (1 - rate). */
  mask(shape: Shape, rate: number): Tensor {
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout must be at least 0 and below 1, got ${rate}`);
    return new Tensor("float32", shape, { kind: "mask", site: this.#sites++, rate });
  }
}
