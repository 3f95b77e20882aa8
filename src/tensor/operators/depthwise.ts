/**
 * Depthwise convolutions of small images as products of matrices: each channel's kernel becomes the matrix of the
 * linear map from its input image to its output image. That are many more multiplications, most of them by 0, but
 * they run at the speed of matrix products, while ONNX Runtime's depthwise convolution spends its time on copying.
 */
import { float32 } from "../ndarray.ts";
import { product } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { cast, equal } from "./condition.ts";
import { matmul } from "./matmul.ts";
import { permute, reshape } from "./shape.ts";
import { outputSize, spatial, type Window } from "./window.ts";

/** Largest numbers of elements of one channel's matrix for which the products are faster than convolutions. */
export const smallMatrix = {
  /** 32 images of 576 channels, 7 x 7, kernel 5: 2.2 ms instead of 10.9 forwards, 2.8 instead of 12.5 backwards. */
  image: 100 * 100,
  /** Of the derivative by the weight; 240 channels of 14 x 14, kernel 5: 8 ms instead of 23. */
  weight: 200 * 200,
} as const;

/** Sizes of an input image and of the output image behind it. */
interface Sizes {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

const sizesOf = (from: readonly number[], window: Window): Sizes => ({
  from,
  to: from.map((size, i) => outputSize(size, window, i)),
});

const elements = ({ from, to }: Sizes): number => Number(product([...from, ...to]));

/** Elements of the matrix that a convolution of images of this size has for a channel; none unless it is depthwise. */
export function matrixElements(weight: Tensor, from: readonly number[], window: Window): number {
  const isDepthwise = weight.dim(0) === window.groups && weight.dim(1) === 1;
  return isDepthwise ? elements(sizesOf(from, window)) : Number.POSITIVE_INFINITY;
}

/** Which element of the kernel lies between an input and an output position along one axis; -1 for none. */
function tapAt(from: number, to: number, { kernel, stride, before, dilation }: Window, axis: number): number {
  const tap = (from + before[axis]! - to * stride[axis]!) / dilation[axis]!;
  return Number.isInteger(tap) && tap >= 0 && tap < kernel[axis]! ? tap : -1;
}

/** The same for all positions of both images, elements and positions counted through all axes: [from * to]. */
function taps({ from, to }: Sizes, window: Window): Float32Array {
  let table: number[][] = [[0]];
  for (const [axis, length] of from.entries()) {
    const along = Array.from({ length }, (_, a) =>
      Array.from({ length: to[axis]! }, (_, b) => tapAt(a, b, window, axis)),
    );
    const join = (outer: number, inner: number) =>
      outer < 0 || inner < 0 ? -1 : outer * window.kernel[axis]! + inner;
    table = table.flatMap((outer) =>
      along.map((inner) => outer.flatMap((tap) => inner.map((next) => join(tap, next)))),
    );
  }
  return Float32Array.from(table.flat());
}

/** 1 where an element of the kernel stands in its matrix: [kernel, from * to]. */
function placesOf(sizes: Sizes, window: Window): Tensor {
  const size = Number(product(window.kernel));
  const places = constant(float32([1, elements(sizes)], taps(sizes, window)));
  const numbers = constant(
    float32(
      [size, 1],
      Array.from({ length: size }, (_, tap) => tap),
    ),
  );
  return cast(equal(numbers, places), { to: "float32" });
}

/** The matrix of each channel: [channels, from, to]. */
function matricesOf(weight: Tensor, sizes: Sizes, window: Window): Tensor {
  const kernels = reshape(weight, [weight.dim(0), product(window.kernel)]);
  const matrices = matmul(kernels, placesOf(sizes, window));
  return reshape(matrices, [weight.dim(0), product(sizes.from), product(sizes.to)]);
}

/** [batch, channels, ...] -> [channels, batch, elements] */
const byChannel = (x: Tensor): Tensor =>
  permute(reshape(x, [x.dim(0), x.dim(1), product(x.shape.slice(2))]), [1, 0, 2]);

/** Back from it. */
const byImage = (x: Tensor, sizes: readonly number[]): Tensor =>
  reshape(permute(x, [1, 0, 2]), [x.dim(1), x.dim(0), ...sizes]);

/** A depthwise convolution: x [batch, channels, ...from] -> [batch, channels, ...to]. */
export function depthwiseProduct(x: Tensor, weight: Tensor, window: Window): Tensor {
  const sizes = sizesOf(spatial("convolution", x), window);
  return byImage(matmul(byChannel(x), matricesOf(weight, sizes, window)), sizes.to);
}

/** dx from dy [batch, channels, ...to]: the transposed map. */
export function depthwiseInputGradient(
  upstream: Tensor,
  weight: Tensor,
  from: readonly number[],
  window: Window,
): Tensor {
  const sizes = sizesOf(from, window);
  const matrices = matricesOf(weight, sizes, window);
  return byImage(matmul(byChannel(upstream), matrices, { transB: true }), from);
}

/** dW from x and dy: each element gathers the derivatives by all its places in the matrix. */
export function depthwiseWeightGradient(x: Tensor, upstream: Tensor, window: Window): Tensor {
  const sizes = sizesOf(spatial("convolution", x), window);
  const matrices = matmul(byChannel(x), byChannel(upstream), { transA: true });
  const flat = reshape(matrices, [matrices.dim(0), elements(sizes)]);
  return reshape(matmul(flat, placesOf(sizes, window), { transB: true }), [flat.dim(0), 1, ...window.kernel]);
}
