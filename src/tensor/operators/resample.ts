/** Images of another size: each axis by itself, as a product with a small constant matrix whose gradient is known. */
import { ShapeError } from "../errors.ts";
import { float32 } from "../ndarray.ts";
import { constant, type Tensor } from "../tensor.ts";
import { concat } from "./concat.ts";
import { matmul } from "./matmul.ts";
import { max, mean } from "./reduce.ts";
import { slice } from "./slice.ts";

/** Height and width. */
export type ImageSize = readonly [height: number, width: number];

function imageSize(name: string, { shape }: Tensor): ImageSize {
  const [, , height, width] = shape;
  if (shape.length !== 4 || typeof height !== "number" || typeof width !== "number")
    throw new ShapeError(
      name,
      [shape],
      "[batch, channels, height, width] with numbers as sizes was expected",
    );
  return [height, width];
}

/** Rows of weights: what each new place takes of each old one. */
type Weights = (from: number, to: number) => number[][];

function resample(name: string, x: Tensor, to: ImageSize, weights: Weights): Tensor {
  const [rows, columns] = imageSize(name, x).map((from, i) => {
    const matrix = weights(from, to[i]!);
    return constant(float32([to[i]!, from], matrix.flat()));
  });
  return matmul(matmul(rows!, x), columns!, { transB: true });
}

/** The old places that make up new place i: they cover the axis, and overlap where it does not divide. */
const cell = (i: number, from: number, to: number) => ({
  start: Math.floor((i * from) / to),
  end: Math.ceil(((i + 1) * from) / to),
});

/**
 * Means of as many windows as the result has places (PyTorch's adaptive_avg_pool2d).
 * @param x [batch, channels, height, width]
 */
export function adaptiveAvgPool2d(x: Tensor, to: ImageSize): Tensor {
  if (to[0] === 1 && to[1] === 1) return mean(x, { axes: [2, 3], keepDims: true });
  return resample("adaptiveAvgPool2d", x, to, (from, to) =>
    Array.from({ length: to }, (_, i) => {
      const { start, end } = cell(i, from, to);
      return Array.from({ length: from }, (_, j) => (j >= start && j < end ? 1 / (end - start) : 0));
    }),
  );
}

/** Maxima of as many windows as the result has places. */
export function adaptiveMaxPool2d(x: Tensor, to: ImageSize): Tensor {
  const [height, width] = imageSize("adaptiveMaxPool2d", x);
  const along = (y: Tensor, axis: number, from: number, count: number) =>
    concat(
      Array.from({ length: count }, (_, i) =>
        max(slice(y, { axis, ...cell(i, from, count) }), { axes: [axis], keepDims: true }),
      ),
      axis,
    );
  return along(along(x, 2, height, to[0]), 3, width, to[1]);
}

/**
 * Bilinear enlargement; pixels are areas, so the corners' centres move apart (align_corners false).
 * @param x      [batch, channels, height, width]
 * @param factor how many times larger height and width become
 */
export function upsampleBilinear(x: Tensor, factor: number): Tensor {
  const [height, width] = imageSize("upsampleBilinear", x);
  const to: ImageSize = [Math.floor(height * factor), Math.floor(width * factor)];
  return resample("upsampleBilinear", x, to, (from, to) =>
    Array.from({ length: to }, (_, i) => {
      const place = Math.max((i + 0.5) / factor - 0.5, 0);
      const below = Math.min(Math.floor(place), from - 1);
      const row = new Array<number>(from).fill(0);
      row[below]! += 1 - (place - below);
      row[Math.min(below + 1, from - 1)]! += place - below;
      return row;
    }),
  );
}
