import type { RgbImage } from "../rgb-image.ts";

/** How an image is rotated. */
export interface RotateOptions {
  readonly interpolation?: "nearest" | "bilinear";
  /** Red, green and blue of the corners that come into view. */
  readonly fill?: readonly [number, number, number];
}

/** Where a pixel of the result comes from: (a x + b y + c, d x + e y + f). */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Writes the pixel that stands at a place of `image`, or leaves the target as it is where that is outside. */
type Draw = (image: RgbImage, map: Affine, result: RgbImage) => void;

/** Rotates counter-clockwise around the middle within the same frame, as Pillow's `Image.rotate` does, bit for bit. */
export function rotateImage(
  image: RgbImage,
  degrees: number,
  { interpolation = "nearest", fill = [0, 0, 0] }: RotateOptions = {},
): RgbImage {
  const { width, height } = image;
  const result = { width, height, data: new Uint8Array(width * height * 3) };
  if (fill.some((level) => level !== 0))
    for (let i = 0; i < result.data.length; i++) result.data[i] = fill[i % 3]!;
  const turn = ((degrees % 360) + 360) % 360;
  draw[interpolation](image, backwards(turn, width, height), result);
  return result;
}

/** From a place in the result to its place in the image: the inverse rotation around the middle. */
function backwards(degrees: number, width: number, height: number): Affine {
  // Pillow rounds so, and a quarter turn then has no trace of the other axis.
  const rounded = (value: number) => Number(value.toFixed(15));
  const angle = -(degrees * (Math.PI / 180));
  const [a, b, d] = [rounded(Math.cos(angle)), rounded(Math.sin(angle)), rounded(-Math.sin(angle))];
  const [centerX, centerY] = [width / 2, height / 2];
  const c = a * -centerX + b * -centerY + centerX;
  const f = d * -centerX + a * -centerY + centerY;
  return [a, b, c, d, a, f];
}

/** Each in the arithmetic of Pillow's Geometry.c: 16 fraction bits for the nearest pixel, doubles for four of them. */
const draw: Record<NonNullable<RotateOptions["interpolation"]>, Draw> = {
  nearest(image, [a, b, c, d, e, f], { width, height, data }) {
    const fixed = (value: number) => Math.floor(value * 65_536 + 0.5);
    const [stepX, stepY] = [fixed(a), fixed(d)];
    for (let y = 0; y < height; y++) {
      let fromX = fixed(c + a * 0.5 + b * 0.5) + y * fixed(b);
      let fromY = fixed(f + d * 0.5 + e * 0.5) + y * fixed(e);
      for (let x = 0; x < width; x++, fromX += stepX, fromY += stepY) {
        const [column, row] = [fromX >> 16, fromY >> 16];
        if (column < 0 || column >= image.width || row < 0 || row >= image.height) continue;
        const from = (row * image.width + column) * 3;
        const to = (y * width + x) * 3;
        data[to] = image.data[from]!;
        data[to + 1] = image.data[from + 1]!;
        data[to + 2] = image.data[from + 2]!;
      }
    }
  },
  bilinear(image, [a, b, c, d, e, f], { width, height, data }) {
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const fromX = a * (x + 0.5) + b * (y + 0.5) + c;
        const fromY = d * (x + 0.5) + e * (y + 0.5) + f;
        if (fromX < 0 || fromX >= image.width || fromY < 0 || fromY >= image.height) continue;
        blendFour(image, fromX - 0.5, fromY - 0.5, data, (y * width + x) * 3);
      }
  },
};

/** Writes the blend of the four pixels around a place to `data[to]` and the two after it. */
function blendFour(
  { width, height, data: source }: RgbImage,
  x: number,
  y: number,
  data: Uint8Array,
  to: number,
) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [partX, partY] = [x - left, y - top];
  const inside = (value: number, size: number) => Math.min(Math.max(value, 0), size - 1);
  const upper = inside(top, height) * width;
  const lower = inside(top + 1, height) * width;
  const [from, until] = [inside(left, width), inside(left + 1, width)];
  for (let channel = 0; channel < 3; channel++) {
    const at = (row: number, column: number) => source[(row + column) * 3 + channel]!;
    const above = at(upper, from) + (at(upper, until) - at(upper, from)) * partX;
    const under = at(lower, from) + (at(lower, until) - at(lower, from)) * partX;
    data[to + channel] = above + (under - above) * partY;
  }
}
