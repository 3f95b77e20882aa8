import type { NdArray } from "../tensor/index.ts";
import { augmentImage } from "./augmentation/augment-image.ts";
import type { ImageAugmentation } from "./augmentation/image-augmentation.ts";
import type { RandomNumbers } from "./augmentation/random-numbers.ts";
import { type DecodeOptions, decodeImage } from "./decode-image.ts";
import { fitImage } from "./fit-image.ts";
import type { ImagePreparation } from "./image-preparation.ts";
import { pixelValues } from "./pixel-values.ts";

/** What `prepareImage` can be told beside the preparation. */
export interface PrepareImageOptions extends DecodeOptions {
  /** For training only: how the image is varied, by numbers of its own for each epoch and image. */
  readonly augment?: { readonly by: ImageAugmentation; readonly random: RandomNumbers };
}

/**
 * From the bytes of an image file to the numbers of a model: decode, augment where asked, fit, normalise. Training and
 * serving both prepare through it.
 *
 * @returns [3, height, width]
 * @throws {ImageError} for bytes that are no usable image
 */
export async function prepareImage(
  bytes: Uint8Array,
  preparation: ImagePreparation,
  { augment, ...decoding }: PrepareImageOptions = {},
): Promise<NdArray<"float32">> {
  const image = await decodeImage(bytes, decoding);
  const fitted =
    augment === undefined
      ? fitImage(image, preparation)
      : augmentImage(image, preparation, augment.by, augment.random);
  return pixelValues(fitted, preparation);
}
