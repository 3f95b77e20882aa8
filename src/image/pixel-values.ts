import { float32, type NdArray } from "../tensor/index.ts";
import type { ImagePreparation } from "./image-preparation.ts";
import type { RgbImage } from "./rgb-image.ts";

/**
 * The numbers of an image as a model takes them: (value * rescale - mean) / std, each step in float32, so that they
 * are those of torchvision's `ToTensor` and `Normalize`, bit for bit.
 *
 * @returns [3, height, width]
 */
export function pixelValues(
  { width, height, data }: RgbImage,
  { rescale, mean, std }: Pick<ImagePreparation, "rescale" | "mean" | "std">,
): NdArray<"float32"> {
  const pixels = width * height;
  const values = new Float32Array(3 * pixels);
  const { fround } = Math;
  for (let channel = 0; channel < 3; channel++) {
    const levels = Float32Array.from({ length: 256 }, (_, level) =>
      fround(fround(fround(level * rescale) - fround(mean[channel]!)) / fround(std[channel]!)),
    );
    const plane = channel * pixels;
    for (let pixel = 0; pixel < pixels; pixel++) values[plane + pixel] = levels[data[pixel * 3 + channel]!]!;
  }
  return float32([3, height, width], values);
}
