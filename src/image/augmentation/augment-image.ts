import { fitImage } from "../fit-image.ts";
import type { ImagePreparation } from "../image-preparation.ts";
import { flipHorizontally, type RgbImage } from "../rgb-image.ts";
import { jitterColor } from "./color-jitter.ts";
import type { ImageAugmentation } from "./image-augmentation.ts";
import { type RandomNumbers, uniform } from "./random-numbers.ts";
import { randomResizedCrop } from "./random-resized-crop.ts";
import { rotateImage } from "./rotate-image.ts";

/**
 * Varies an image for training and fits it to the size of `preparation`. The outcome depends on the arguments alone:
 * with a stream of `random` for each (seed, epoch, index), it is the same in whichever worker it is computed.
 */
export function augmentImage(
  image: RgbImage,
  preparation: Pick<ImagePreparation, "size" | "resize" | "interpolation">,
  { randomResizedCrop: crop, horizontalFlip, rotation, colorJitter }: ImageAugmentation,
  random: RandomNumbers,
): RgbImage {
  let result =
    crop === undefined ? fitImage(image, preparation) : randomResizedCrop(image, preparation, crop, random);
  if (random.next() < horizontalFlip) result = flipHorizontally(result);
  if (rotation !== undefined) result = rotateImage(result, uniform(random, rotation.degrees), rotation);
  if (colorJitter !== undefined) result = jitterColor(result, colorJitter, random);
  return result;
}
