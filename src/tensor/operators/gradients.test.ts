import fc from "fast-check";
import { expect, test } from "vitest";
import { gradients } from "../autodiff.ts";
import { Runtime } from "../execution/runtime.ts";
import { float32, type NdArray, sizeOf } from "../ndarray.ts";
import { compile } from "../program.ts";
import type { Dimension, Shape } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";
import { type Example, gradientLaws, sizes } from "../testing/gradient-laws.ts";
import { mul, sum } from "./index.ts";

/** Half of the distance of the two points of a difference: exact in float32, so that only results are rounded. */
const step = 2 ** -7;

/** Values lie on grids of this distance, which keeps kinks and ties further away than a step. */
const spacing = 2 ** -3;

const sizeOfDimension = (dim: Dimension): number =>
  typeof dim === "number"
    ? dim
    : dim.split("*").reduce((size, part) => size * (sizes[part] ?? Number(part)), 1);

const concrete = (shape: Shape): number[] => shape.map(sizeOfDimension);

/** Values of one input: different ones as long as the domain has enough, on a grid that no other input shares. */
function valuesOf(shape: Shape, [low, high]: readonly [number, number], which: number, random: () => number) {
  const offset = (0.341 + 0.4 * which) % 1;
  const places = Array.from({ length: (high - low) / spacing }, (_, i) => low + (i + offset) * spacing);
  const left: number[] = [];
  return float32(
    concrete(shape),
    Float32Array.from({ length: sizeOf(concrete(shape)) }, () => {
      if (left.length === 0) left.push(...places);
      return left.splice(Math.floor(random() * left.length), 1)[0]!;
    }),
  );
}

const floats = (array: NdArray | undefined) => array!.data as Float32Array;
const dot = (a: Float32Array, b: Float32Array) => a.reduce((total, value, i) => total + value * b[i]!, 0);

/** Numbers from 0 to 1 (Lehmer 1951; enough to scatter test values). */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** The derivative along a random direction: what the gradients say, and what differences say. */
async function compare({ shapes, write, domain = [-2, 2] }: Example, seed: number) {
  const random = lehmer(seed);
  const inputs = shapes.map((shape, i) => input(`x${i}`, "float32", shape));
  const output = write(...(inputs as [Tensor, Tensor]));
  const loss = sum(mul(output, input("dy", "float32", output.shape)));
  const found = gradients(loss, inputs);
  const named = Object.fromEntries(found.flatMap((slope, i) => (slope ? [[`grad${i}`, slope]] : [])));
  const runtime = await Runtime.load(compile({ output, ...named }, { parameters: new Map() }).bytes, {
    threads: 1,
  });

  const values = shapes.map((shape, i) => valuesOf(shape, domain, i, random));
  const directions = values.map(({ data }) => data.map(() => (random() < 0.5 ? -1 : 1)));
  const dy = float32(
    concrete(output.shape),
    Float32Array.from({ length: sizeOf(concrete(output.shape)) }, () => 0.5 + random()),
  );
  const at = async (distance: number) => {
    const moved = values.map(({ shape, data }, i) => [
      `x${i}`,
      float32(
        shape,
        data.map((value, j) => value + distance * directions[i]![j]!),
      ),
    ]);
    return runtime.run({ ...Object.fromEntries(moved), dy });
  };
  const [before, here, after] = [await at(-step), await at(0), await at(step)];
  await runtime.close();
  const slopes = shapes.map((_, i) => (named[`grad${i}`] ? floats(here[`grad${i}`]) : new Float32Array()));
  return {
    byGradient: slopes.reduce((total, slope, i) => total + dot(slope, directions[i]!), 0),
    byDifference: (dot(floats(after.output), dy.data) - dot(floats(before.output), dy.data)) / (2 * step),
    slopes: slopes.reduce((total, slope) => slope.reduce((sum, value) => sum + Math.abs(value), total), 0),
    values: floats(here.output).reduce((total, value, i) => total + Math.abs(value * dy.data[i]!), 0),
  };
}

test.each(Object.entries(gradientLaws))("%s: gradient equals finite difference", async (_name, examples) => {
  await fc.assert(
    fc.asyncProperty(examples, fc.integer({ min: 1, max: 1_000_000 }), async (example, seed) => {
      const { byGradient, byDifference, slopes, values } = await compare(example, seed);
      // Curvature bends a difference by about step^2 = 6e-5 of the slopes, rounding shifts it by about
      // 2^-23 / step = 2e-5 of the values; a wrong element of a gradient shows as a hundredth of the slopes.
      const tolerance = 2e-3 * slopes + 1e-4 * values + 1e-4;
      expect(Math.abs(byGradient - byDifference)).toBeLessThanOrEqual(tolerance);
    }),
    { numRuns: 15 },
  );
});
