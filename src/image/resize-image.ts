import { type Interpolation, interpolationWeights, type Weights, weightBits } from "./interpolation.ts";
import { type Box, cropImage, type ImageSize, type RgbImage } from "./rgb-image.ts";

/** How an image is resized. */
export interface ResizeOptions {
  readonly interpolation?: Interpolation;
  /** The part of the resized image that is wanted, inside of it; computing only that gives the same pixels. */
  readonly window?: Box;
}

/**
 * Resizes as Pillow's `Image.resize` does, and so torchvision's `Resize(size, antialias=True)` of a PIL image, bit for
 * bit: first along rows, then along columns, each pass rounded to 8 bits (Pillow, Resample.c). The
 * resizing of libvips (sharp) is not used, since it rounds and places its weights differently: on photos of playing
 * cards up to 18 of 255 levels away when they shrink, 200 when they grow.
 */
export function resizeImage(
  image: RgbImage,
  size: ImageSize,
  { interpolation = "bilinear", window = { left: 0, top: 0, ...size } }: ResizeOptions = {},
): RgbImage {
  if (size.width === image.width && size.height === image.height) return cropImage(image, window);
  const { left, top, width, height } = window;
  const across = interpolationWeights(interpolation, image.width, size.width, left, left + width);
  const down = interpolationWeights(interpolation, image.height, size.height, top, top + height);
  const firstRow = down.starts[0]!;
  const lastRow = down.starts[height - 1]! + down.counts[height - 1]!;
  const narrow = resizeRows(image, across, firstRow, lastRow);
  const data = resizeColumns(narrow, width * 3, down, firstRow);
  return { width, height, data: new Uint8Array(data.buffer) };
}

const half = 1 << (weightBits - 1);

/** Each row from `firstRow` to before `lastRow` with the width of `weights`. */
function resizeRows({ width, data }: RgbImage, weights: Weights, firstRow: number, lastRow: number) {
  const { starts, counts, values, stride } = weights;
  const columns = starts.length;
  // The clamping of the array is the clipping to 0..255.
  const result = new Uint8ClampedArray((lastRow - firstRow) * columns * 3);
  let to = 0;
  for (let y = firstRow; y < lastRow; y++) {
    const row = y * width * 3;
    for (let x = 0; x < columns; x++) {
      let red = half;
      let green = half;
      let blue = half;
      let from = row + starts[x]! * 3;
      const begin = x * stride;
      const end = begin + counts[x]!;
      for (let tap = begin; tap < end; tap++, from += 3) {
        const weight = values[tap]!;
        red = (red + Math.imul(weight, data[from]!)) | 0;
        green = (green + Math.imul(weight, data[from + 1]!)) | 0;
        blue = (blue + Math.imul(weight, data[from + 2]!)) | 0;
      }
      result[to++] = red >> weightBits;
      result[to++] = green >> weightBits;
      result[to++] = blue >> weightBits;
    }
  }
  return result;
}

/** Columns of rows that are `rowSize` bytes long and begin with row `firstRow` of the image. */
function resizeColumns(rows: Uint8ClampedArray, rowSize: number, weights: Weights, firstRow: number) {
  const { starts, counts, values, stride } = weights;
  const result = new Uint8ClampedArray(starts.length * rowSize);
  const sums = new Int32Array(rowSize);
  for (let y = 0; y < starts.length; y++) {
    sums.fill(half);
    for (let tap = 0; tap < counts[y]!; tap++) {
      const weight = values[y * stride + tap]!;
      const from = (starts[y]! + tap - firstRow) * rowSize;
      for (let i = 0; i < rowSize; i++) sums[i] = (sums[i]! + Math.imul(weight, rows[from + i]!)) | 0;
    }
    for (let i = 0; i < rowSize; i++) result[y * rowSize + i] = sums[i]! >> weightBits;
  }
  return result;
}
