import type { RgbImage } from "../rgb-image.ts";
import { hsvFromRgb, rgbFromHsv } from "./hsv.ts";

/** Towards black with a factor below 1, brighter above (`adjust_brightness` of torchvision on a PIL image). */
export const adjustBrightness = (image: RgbImage, factor: number): RgbImage =>
  mapLevels(image, (level) => blend(0, level, factor));

/** Towards the mean grey with a factor below 1, away from it above (`adjust_contrast`). */
export function adjustContrast(image: RgbImage, factor: number): RgbImage {
  const { data } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += luma(data[i]!, data[i + 1]!, data[i + 2]!);
  const mean = Math.trunc(sum / (data.length / 3) + 0.5);
  return mapLevels(image, (level) => blend(mean, level, factor));
}

/** Towards the pixel's own grey with a factor below 1, away from it above (`adjust_saturation`). */
export function adjustSaturation({ width, height, data }: RgbImage, factor: number): RgbImage {
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const grey = luma(data[i]!, data[i + 1]!, data[i + 2]!);
    for (let channel = i; channel < i + 3; channel++) result[channel] = blend(grey, data[channel]!, factor);
  }
  return { width, height, data: result };
}

/** Turns the colour circle, by -0.5 to 0.5 of a whole turn (`adjust_hue`). */
export function adjustHue({ width, height, data }: RgbImage, turn: number): RgbImage {
  const shift = Math.trunc(turn * 255);
  const result = new Uint8Array(data.length);
  const hsv = new Uint8Array(3);
  for (let i = 0; i < data.length; i += 3) {
    hsvFromRgb(data, i, hsv);
    hsv[0] = hsv[0]! + shift; // runs round, as the circle does
    rgbFromHsv(hsv, result, i);
  }
  return { width, height, data: result };
}

/** ITU-R 601 luma in 16-bit fixed point, as Pillow converts to "L". */
const luma = (red: number, green: number, blue: number): number =>
  (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16;

/** from + factor * (to - from) in float32, cut to a level; the fraction is dropped (Pillow, Blend.c). */
function blend(from: number, to: number, factor: number): number {
  const { fround } = Math;
  const value = fround(from + fround(fround(factor) * (to - from)));
  return Math.min(Math.max(Math.trunc(value), 0), 255);
}

function mapLevels({ width, height, data }: RgbImage, map: (level: number) => number): RgbImage {
  const levels = Uint8Array.from({ length: 256 }, (_, level) => map(level));
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) result[i] = levels[data[i]!]!; // Uint8Array.from(data, map) takes forty times as long
  return { width, height, data: result };
}
