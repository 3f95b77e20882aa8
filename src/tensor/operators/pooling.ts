/** Pooling: one value for each window of an image. */
import { ShapeError } from "../errors.ts";
import { float32 } from "../ndarray.ts";
import { operator } from "../operator.ts";
import { product, type Shape } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { convTranspose2d } from "./convolution.ts";
import { div } from "./elementwise.ts";
import { scatterAdd } from "./lookup.ts";
import { reshape, zeros } from "./shape.ts";

export interface PoolingOptions {
  /** As large as the kernel unless given. */
  readonly stride?: number;
  /** Empty border on all sides. */
  readonly padding?: number;
}

interface PoolingAttributes {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

function pooledShape(name: string, { shape }: Tensor, { kernel, stride, padding }: PoolingAttributes): Shape {
  const [batch, channels, ...sizes] = shape;
  const pooled = sizes.map((size) => Math.floor((Number(size) + 2 * padding - kernel) / stride) + 1);
  if (sizes.length !== 2 || !pooled.every((size) => size > 0) || padding > kernel / 2)
    throw new ShapeError(
      name,
      [shape],
      `[batch, channels, height, width] with room for a kernel of ${kernel} and a padding of at most its half was expected`,
    );
  return [batch!, channels!, ...pooled];
}

const onnxPooling = ({ kernel, stride, padding }: PoolingAttributes) => ({
  kernel_shape: [kernel, kernel],
  strides: [stride, stride],
  pads: [padding, padding, padding, padding],
});

/** Its statistic are the places of the maxima in the whole input, counted through all axes. */
const maxPool = operator<1, PoolingAttributes>("MaxPool", {
  shape: ([x], attributes) => pooledShape("maxPool2d", x, attributes),
  statistics: ([x], attributes) => [{ shape: pooledShape("maxPool2d", x, attributes), dtype: "int64" }],
  onnx: onnxPooling,
  gradient: ({ inputs: [x], outputs: [, places], upstream }) => {
    const flat = (tensor: Tensor) => reshape(tensor, [product(tensor.shape)]);
    return [reshape(scatterAdd(zeros([product(x.shape)]), flat(places!), flat(upstream), 0), x.shape)];
  },
});

/**
 * Largest value of each window.
 * @param x [batch, channels, height, width]
 */
export const maxPool2d = (
  x: Tensor,
  kernel: number,
  { stride = kernel, padding = 0 }: PoolingOptions = {},
): Tensor => maxPool(x, { kernel, stride, padding });

interface AveragePoolingAttributes extends PoolingAttributes {
  readonly countPadding: boolean;
}

const averagePool = operator<1, AveragePoolingAttributes>("AveragePool", {
  shape: ([x], attributes) => pooledShape("avgPool2d", x, attributes),
  onnx: ({ countPadding, ...attributes }) => ({
    ...onnxPooling(attributes),
    count_include_pad: Number(countPadding),
  }),
  // Each window spreads dy over its elements evenly; channels stand in the batch, so that one kernel of ones does.
  gradient: ({ inputs: [x], upstream, attributes }) => {
    const { kernel, stride, padding } = attributes;
    const size = x.shape.slice(2) as readonly number[];
    const images = reshape(upstream, [product(x.shape.slice(0, 2)), 1, ...upstream.shape.slice(2)]);
    const ones = constant(float32([1, 1, kernel, kernel], new Float32Array(kernel * kernel).fill(1)));
    const shares = div(images, elementsOfWindows(size, attributes));
    return [reshape(convTranspose2d(shares, ones, { stride, padding, size }), x.shape)];
  },
});

/** How many elements each window averages. */
function elementsOfWindows(sizes: readonly number[], attributes: AveragePoolingAttributes): Tensor | number {
  const { kernel, stride, padding, countPadding } = attributes;
  if (countPadding || padding === 0) return kernel * kernel;
  const [rows, columns] = sizes.map((size) => {
    const starts = Array.from(
      { length: Math.floor((size + 2 * padding - kernel) / stride) + 1 },
      (_, i) => i * stride,
    );
    return starts.map((start) => Math.min(start - padding + kernel, size) - Math.max(start - padding, 0));
  }) as [number[], number[]];
  const counts = rows.flatMap((height) => columns.map((width) => height * width));
  return constant(float32([rows.length, columns.length], counts));
}

interface AveragePoolingOptions extends PoolingOptions {
  /** Whether the border counts as zeros, as in PyTorch. */
  readonly countPadding?: boolean;
}

/**
 * Mean of each window.
 * @param x [batch, channels, height, width]
 */
export const avgPool2d = (
  x: Tensor,
  kernel: number,
  { stride = kernel, padding = 0, countPadding = true }: AveragePoolingOptions = {},
): Tensor => averagePool(x, { kernel, stride, padding, countPadding });
