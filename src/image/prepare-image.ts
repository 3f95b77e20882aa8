import type { NdArray } from "../tensor/index.ts";
import type { ImagePreparation } from "./image-preparation.ts";
import { type LoadImageOptions, loadImage } from "./load-image.ts";
import { pixelValues } from "./pixel-values.ts";

/**
 * From the bytes of an image file to the numbers of a model: decode, augment where asked, fit, normalise. Training and
 * serving both prepare through it.
 *
 * @returns [3, height, width]
 * @throws {ImageError} for bytes that are no usable image
 */
export const prepareImage = async (
  bytes: Uint8Array,
  preparation: ImagePreparation,
  options: LoadImageOptions = {},
): Promise<NdArray<"float32">> => pixelValues(await loadImage(bytes, preparation, options), preparation);
