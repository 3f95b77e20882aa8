import type { ImagePreparation } from "./image-preparation.ts";
import { resizeImage } from "./resize-image.ts";
import { type Box, cropImage, type ImageSize, type RgbImage } from "./rgb-image.ts";

/** Resizes and cuts an image to `size`, as `Resize` and `CenterCrop` of torchvision do with a PIL image, bit for bit. */
export function fitImage(
  image: RgbImage,
  { size, resize, interpolation }: Pick<ImagePreparation, "size" | "resize" | "interpolation">,
): RgbImage {
  const resized = resizedSize(image, resize);
  const box = centerBox(resized, size);
  // Only what the crop keeps is computed: a strip of 50 million x 1 pixels must not be blown up as a whole.
  const window = overlap(resized, box);
  const part = resizeImage(image, resized, { interpolation, window });
  return cropImage(part, { ...size, left: box.left - window.left, top: box.top - window.top });
}

/** With `shortestEdge`, the longer edge is rounded down. */
export function resizedSize({ width, height }: ImageSize, resize: ImagePreparation["resize"]): ImageSize {
  if (resize === "none") return { width, height };
  if (!("shortestEdge" in resize)) return resize;
  const shorter = resize.shortestEdge;
  return width <= height
    ? { width: shorter, height: Math.trunc((shorter * height) / width) }
    : { width: Math.trunc((shorter * width) / height), height: shorter };
}

/** The box of `size` in the middle; it begins before an image that is smaller. */
export function centerBox(image: ImageSize, size: ImageSize): Box {
  const begin = (whole: number, part: number): number =>
    // Half a pixel goes to the even side, as Python rounds; too small an image gets the odd pixel of padding behind it.
    part > whole ? 0 - Math.floor((part - whole) / 2) : roundHalfEven((whole - part) / 2);
  return { ...size, left: begin(image.width, size.width), top: begin(image.height, size.height) };
}

/** Rounds as Python does: halves to the even neighbour. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function overlap(image: ImageSize, box: Box): Box {
  const left = Math.max(box.left, 0);
  const top = Math.max(box.top, 0);
  const width = Math.min(box.left + box.width, image.width) - left;
  const height = Math.min(box.top + box.height, image.height) - top;
  return { left, top, width, height };
}
