/** The window of a convolution: what each output element sees of the input. */
import { ShapeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

export interface ConvolutionOptions {
  /** One number for all spatial axes, or one for each. */
  readonly stride?: number | readonly number[];
  /** Zeros before and after. */
  readonly padding?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  /** Input and output channels fall into that many groups which do not see each other. */
  readonly groups?: number;
  /** Part of a training step: may be written so that a large batch is fast. A file for serving is better without. */
  readonly training?: boolean;
}

/** All per spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

export const onnxWindow = ({ kernel, stride, before, after, dilation, groups }: Window) => ({
  kernel_shape: kernel,
  strides: stride,
  pads: [...before, ...after],
  dilations: dilation,
  group: groups,
});

/** Elements of the input that one output element sees along an axis. */
export const reach = ({ kernel, dilation }: Window, i: number): number => dilation[i]! * (kernel[i]! - 1) + 1;

/** Sizes of the spatial axes, which must be numbers. */
export function spatial(name: string, { shape }: Tensor): number[] {
  const sizes = shape.slice(2);
  if (shape.length < 3 || sizes.some((size) => typeof size === "string"))
    throw new ShapeError(name, [shape], "[batch, channels, ...] with numbers as spatial sizes was expected");
  return sizes as number[];
}

export const outputSize = (size: number, window: Window, i: number): number =>
  Math.floor((size + window.before[i]! + window.after[i]! - reach(window, i)) / window.stride[i]!) + 1;

const perAxis = (value: number | readonly number[], axes: number): readonly number[] =>
  typeof value === "number" ? new Array<number>(axes).fill(value) : value;

/** The window of a kernel over as many spatial axes. */
export function windowOf(
  kernel: readonly number[],
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionOptions,
): Window {
  const [strides, pads, dilations] = [stride, padding, dilation].map((value) =>
    perAxis(value, kernel.length),
  );
  return { kernel, stride: strides!, before: pads!, after: pads!, dilation: dilations!, groups };
}
