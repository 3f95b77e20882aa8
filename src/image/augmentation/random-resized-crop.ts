import { roundHalfEven } from "../fit-image.ts";
import type { ImagePreparation } from "../image-preparation.ts";
import { resizeImage } from "../resize-image.ts";
import { type Box, cropImage, type ImageSize, type RgbImage } from "../rgb-image.ts";
import type { ImageAugmentation } from "./image-augmentation.ts";
import { below, type RandomNumbers, uniform } from "./random-numbers.ts";

type Crop = NonNullable<ImageAugmentation["randomResizedCrop"]>;

/** A random part of the image, resized to `size` (Szegedy et al. 2015, section 6; `RandomResizedCrop` of torchvision). */
export function randomResizedCrop(
  image: RgbImage,
  { size, interpolation }: Pick<ImagePreparation, "size" | "interpolation">,
  crop: Crop,
  random: RandomNumbers,
): RgbImage {
  return resizeImage(cropImage(image, drawBox(image, crop, random)), size, { interpolation });
}

/** A box of random area and proportions, the latter even in the logarithm; after ten that do not fit, the middle. */
export function drawBox({ width, height }: ImageSize, { scale, ratio }: Crop, random: RandomNumbers): Box {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * uniform(random, scale);
    const aspect = Math.exp(uniform(random, [Math.log(ratio[0]), Math.log(ratio[1])]));
    const box = {
      width: roundHalfEven(Math.sqrt(area * aspect)),
      height: roundHalfEven(Math.sqrt(area / aspect)),
    };
    if (box.width > 0 && box.width <= width && box.height > 0 && box.height <= height) {
      const top = below(random, height - box.height + 1);
      const left = below(random, width - box.width + 1);
      return { ...box, left, top };
    }
  }
  return middleBox({ width, height }, ratio);
}

/** The largest box in the middle whose proportions are allowed. */
export function middleBox({ width, height }: ImageSize, [narrowest, widest]: Crop["ratio"]): Box {
  const isNarrow = width / height < narrowest;
  const isWide = width / height > widest;
  const box = {
    width: isWide ? Math.max(roundHalfEven(height * widest), 1) : width,
    height: isNarrow ? Math.max(roundHalfEven(width / narrowest), 1) : height,
  };
  return { ...box, left: Math.floor((width - box.width) / 2), top: Math.floor((height - box.height) / 2) };
}
