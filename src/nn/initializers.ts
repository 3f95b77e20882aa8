/** First values of parameters. */
import { type Initializer, sizeOf } from "../tensor/index.ts";

export const zeros: Initializer = (shape) => new Float32Array(sizeOf(shape));

export const ones: Initializer = (shape) => new Float32Array(sizeOf(shape)).fill(1);

/** Normal distribution around 0 (Box & Muller 1958). */
export const normal =
  (deviation: number): Initializer =>
  (shape, random) =>
    Float32Array.from({ length: sizeOf(shape) }, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - random()));
      return deviation * radius * Math.cos(2 * Math.PI * random());
    });

/** The same, with one row of zeros: an embedding whose padding token stays zero. */
export const normalExceptRow =
  (deviation: number, row: number): Initializer =>
  (shape, random) => {
    const values = normal(deviation)(shape, random);
    const width = shape[1]!;
    return values.fill(0, row * width, (row + 1) * width);
  };
