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
const names = Object.keys(adjustments) as (keyof typeof adjustments)[];

/** Brightness, contrast, saturation and hue, each by a random amount, in a random order (`ColorJitter` of torchvision). */
export function jitterColor(
  image: RgbImage,
  ranges: NonNullable<ImageAugmentation["colorJitter"]>,
  random: RandomNumbers,
): RgbImage {
  const order = shuffled(random, names);
  const amounts = { brightness: 1, contrast: 1, saturation: 1, hue: 0 };
  for (const name of names) amounts[name] = uniform(random, ranges[name]);
  return order.reduce((adjusted, name) => adjustments[name](adjusted, amounts[name]), image);
}
