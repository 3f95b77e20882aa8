import { float32, type NdArray } from "../tensor/index.ts";
import { ImageError } from "./image-error.ts";

/**
 * Stacks prepared images to a batch.
 *
 * @param images at least one, each [3, height, width]
 * @returns      [images, 3, height, width]
 * @throws {ImageError} when there are none, or their sizes differ
 */
export function collateImages(images: readonly NdArray<"float32">[]): NdArray<"float32"> {
  const [first] = images;
  if (first === undefined)
    throw new ImageError("invalid_option", { expected: "at least one image in a batch", got: "none" });
  const batch = float32([images.length, ...first.shape]);
  images.forEach(({ shape, data }, index) => {
    if (
      shape.length !== first.shape.length ||
      shape.some((dimension, axis) => dimension !== first.shape[axis])
    )
      throw new ImageError("invalid_option", {
        expected: `images of one shape in a batch, [${first.shape.join(", ")}] as the first`,
        got: `[${shape.join(", ")}] at position ${index}`,
      });
    batch.data.set(data, index * first.data.length);
  });
  return batch;
}
