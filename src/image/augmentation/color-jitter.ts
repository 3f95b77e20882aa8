import type { RgbImage } from "../rgb-image.ts";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "./adjust-color.ts";
import type { ImageAugmentation } from "./image-augmentation.ts";
import { type RandomNumbers, shuffled, uniform } from "./random-numbers.ts";

const adjustments = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};
type Property = keyof typeof adjustments;

/** The amounts that leave an image as it is. */
const neutral: Readonly<Record<Property, number>> = { brightness: 1, contrast: 1, saturation: 1, hue: 0 };

/** Brightness, contrast, saturation and hue, each by a random amount, in a random order (`ColorJitter` of torchvision). */
export function jitterColor(
  image: RgbImage,
  ranges: NonNullable<ImageAugmentation["colorJitter"]>,
  random: RandomNumbers,
): RgbImage {
  // What cannot change is left out: a hue turned by 0 would still be rounded to 8 bits, there and back.
  const changing = (Object.keys(adjustments) as Property[]).filter((property) =>
    ranges[property].some((amount) => amount !== neutral[property]),
  );
  return shuffled(random, changing).reduce(
    (adjusted, property) => adjustments[property](adjusted, uniform(random, ranges[property])),
    image,
  );
}
