import { type NdArray, sizeOf } from "../tensor/index.ts";
import { ImageError } from "./image-error.ts";

type Pixels = "float32" | "uint8";

const arrays = { float32: Float32Array, uint8: Uint8Array };

/**
 * Stacks prepared images to a batch.
 *
 * @param images at least one, each [3, height, width]
 * @returns      [images, 3, height, width]
 * @throws {ImageError} when there are none, or their sizes differ
 */
export function collateImages<Type extends Pixels>(images: readonly NdArray<Type>[]): NdArray<Type> {
  const [first] = images;
  if (first === undefined)
    throw new ImageError("invalid_option", { expected: "at least one image in a batch", got: "none" });
  const size = sizeOf(first.shape);
  const data = new arrays[first.dtype](images.length * size);
  images.forEach(({ shape, data: pixels }, index) => {
    if (
      shape.length !== first.shape.length ||
      shape.some((dimension, axis) => dimension !== first.shape[axis])
    )
      throw new ImageError("invalid_option", {
        expected: `images of one shape in a batch, [${first.shape.join(", ")}] as the first`,
        got: `[${shape.join(", ")}] at position ${index}`,
      });
    data.set(pixels, index * size);
  });
  return { ...first, shape: [images.length, ...first.shape], data };
}
