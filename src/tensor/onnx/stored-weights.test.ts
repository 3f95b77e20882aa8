import fc from "fast-check";
import { expect, test } from "vitest";
import { float32 } from "../ndarray.ts";
import { quantizeMatrix, toHalf } from "./stored-weights.ts";

const finite = (largest: number) =>
  fc.float({ min: -largest, max: largest, noNaN: true, noDefaultInfinity: true });
const matrices = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
  .chain(([rows, columns]) =>
    fc
      .array(finite(1000), { minLength: rows * columns, maxLength: rows * columns })
      .map((values) => float32([rows, columns], values)),
  );

test("a quantised value is no more than half a scale from what it was, and the largest of each slice uses all bits", () => {
  fc.assert(
    fc.property(matrices, fc.constantFrom<(0 | 1)[]>(0, 1), (matrix, axis) => {
      const [, columns] = matrix.shape as [number, number];
      const { values, scales } = quantizeMatrix(matrix, axis);
      expect(scales).toHaveLength(matrix.shape[axis]!);
      const largest = new Float64Array(scales.length);
      matrix.data.forEach((value, i) => {
        const slice = axis === 0 ? Math.floor(i / columns) : i % columns;
        const scale = scales[slice]!;
        // Numbers whose scale is a subnormal float have fewer bits than the bound.
        if (scale > 1e-35) expect(Math.abs(values[i]! * scale - value)).toBeLessThanOrEqual(scale * 0.5001);
        largest[slice] = Math.max(largest[slice]!, Math.abs(values[i]!));
        if (value === 0) expect(values[i]).toBe(0);
      });
      scales.forEach((scale, slice) => {
        if (scale > 1e-35) expect([0, 127]).toContain(largest[slice]);
      });
    }),
  );
});

test("a matrix by rows and by columns", () => {
  const matrix = float32([2, 2], [127, -63.5, 0, 0]);
  expect(quantizeMatrix(matrix, 0)).toEqual({
    values: Int8Array.of(127, -63, 0, 0),
    scales: Float32Array.of(1, 1),
  });
  expect(quantizeMatrix(matrix, 1)).toEqual({
    values: Int8Array.of(127, -127, 0, 0),
    scales: Float32Array.of(1, 0.5),
  });
});

test("16 bits keep eleven significant ones; what they cannot hold stays as it is", () => {
  expect(toHalf(float32([3, 1], [1, -0.1, 65504]))).toEqual(Float16Array.of(1, -0.1, 65504));
  expect(toHalf(float32([1, 1], [65536]))).toBeUndefined();
});
