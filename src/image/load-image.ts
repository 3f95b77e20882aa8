import { augmentImage } from "./augmentation/augment-image.ts";
import type { ImageAugmentation } from "./augmentation/image-augmentation.ts";
import type { RandomNumbers } from "./augmentation/random-numbers.ts";
import { type DecodeOptions, decodeImage } from "./decode-image.ts";
import { fitImage } from "./fit-image.ts";
import type { ImagePreparation } from "./image-preparation.ts";
import type { RgbImage } from "./rgb-image.ts";

/** What `loadImage` can be told beside the size. */
export interface LoadImageOptions extends DecodeOptions {
  /** For training only: how the image is varied, by numbers of its own for each epoch and image. */
  readonly augment?: { readonly by: ImageAugmentation; readonly random: RandomNumbers };
}

/**
 * From the bytes of an image file to a picture of the size that a model takes: decode, augment where asked, fit.
 * @throws {ImageError} for bytes that are no usable image
 */
export async function loadImage(
  bytes: Uint8Array,
  preparation: Pick<ImagePreparation, "size" | "resize" | "interpolation">,
  { augment, ...decoding }: LoadImageOptions = {},
): Promise<RgbImage> {
  const image = await decodeImage(bytes, decoding);
  return augment === undefined
    ? fitImage(image, preparation)
    : augmentImage(image, preparation, augment.by, augment.random);
}
