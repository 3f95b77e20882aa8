import fc from "fast-check";
import { expect, test } from "vitest";
import { gradients } from "../autodiff.ts";
import { Runtime } from "../execution/runtime.ts";
import { float32, type NdArray, sizeOf } from "../ndarray.ts";
import { compile } from "../program.ts";
import { input, type Tensor } from "../tensor.ts";
import { conv2d, mul, sum } from "./index.ts";

const geometry = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    channels: fc.integer({ min: 1, max: 4 }),
    height: fc.integer({ min: 3, max: 9 }),
    width: fc.integer({ min: 3, max: 9 }),
    kernel: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 2 }),
    dilation: fc.integer({ min: 1, max: 2 }),
  })
  .filter(({ height, width, kernel, padding, dilation }) => {
    return dilation * (kernel - 1) + 1 <= Math.min(height, width) + 2 * padding;
  });

/** The convolution, and its derivatives in a direction that differs from element to element. */
async function compute(
  { batch, channels, height, width, kernel, ...options }: Record<string, number>,
  training: boolean,
) {
  const x = input("x", "float32", ["batch", channels!, height!, width!]);
  const weight = input("weight", "float32", [channels!, 1, kernel!, kernel!]);
  const output = conv2d(x, weight, undefined, { ...options, groups: channels!, training });
  const loss = sum(mul(output, output));
  const [dx, dWeight] = gradients(loss, [x, weight]) as [Tensor, Tensor];
  const runtime = await Runtime.load(compile({ output, dx, dWeight }, { parameters: new Map() }).bytes, {
    threads: 1,
  });
  const waves = (shape: number[], step: number) =>
    float32(
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1 + step * i)),
    );
  const results = await runtime.run({
    x: waves([batch!, channels!, height!, width!], 0.7),
    weight: waves([channels!, 1, kernel!, kernel!], 1.3),
  });
  await runtime.close();
  return results;
}

const numbers = (array: NdArray | undefined) => [...(array!.data as Float32Array)];

test("a depthwise convolution as a product of matrices has the same values and derivatives", () =>
  fc.assert(
    fc.asyncProperty(geometry, async (sizes) => {
      const expected = await compute(sizes, false);
      const products = await compute(sizes, true);
      for (const name of ["output", "dx", "dWeight"]) {
        expect(products[name]!.shape).toEqual(expected[name]!.shape);
        const found = numbers(products[name]);
        const largest = Math.max(1, ...numbers(expected[name]).map(Math.abs));
        numbers(expected[name]).forEach((value, i) => {
          expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5 * largest);
        });
      }
    }),
    { numRuns: 40 },
  ));
