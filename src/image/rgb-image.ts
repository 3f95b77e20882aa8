/** Width and height in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** A picture as 8-bit RGB, row by row from the top, the three channels of a pixel side by side. */
export interface RgbImage extends ImageSize {
  /** [height, width, 3] */
  readonly data: Uint8Array;
}

/** A rectangle of pixels. */
export interface Box extends ImageSize {
  readonly left: number;
  readonly top: number;
}

/** Cuts `box` out of an image; what lies outside of the image is black. */
export function cropImage(image: RgbImage, box: Box): RgbImage {
  const { left, top, width, height } = box;
  const data = new Uint8Array(width * height * 3);
  const from = Math.max(left, 0);
  const until = Math.min(left + width, image.width);
  for (let y = Math.max(top, 0); from < until && y < Math.min(top + height, image.height); y++) {
    const row = image.data.subarray((y * image.width + from) * 3, (y * image.width + until) * 3);
    data.set(row, ((y - top) * width + from - left) * 3);
  }
  return { width, height, data };
}

/** The image mirrored left to right, as `RandomHorizontalFlip` of torchvision mirrors. */
export function flipHorizontally({ width, height, data }: RgbImage): RgbImage {
  const flipped = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      const to = (y * width + width - 1 - x) * 3;
      flipped[to] = data[from]!;
      flipped[to + 1] = data[from + 1]!;
      flipped[to + 2] = data[from + 2]!;
    }
  return { width, height, data: flipped };
}
