import { describe, expect, test } from "vitest";
import { Runtime } from "../execution/runtime.ts";
import { float32, int64, type NdArray, type NdArrays } from "../ndarray.ts";
import type { Precision } from "../onnx/stored-weights.ts";
import { compile } from "../program.ts";
import { input, Parameter, type Tensor } from "../tensor.ts";
import { embedding, linear, matmul } from "./index.ts";

const rows = 5;
const inner = 24;
const columns = 7;

/** Waves: neither symmetric nor equal in any two rows, and the same in every run. */
const wave = (shape: readonly number[], height: number) =>
  float32(
    shape,
    Array.from(
      { length: shape.reduce((a, b) => a * b) },
      (_, i) => height * Math.sin(1.7 * i + i * i * 0.13) + 0.1,
    ),
  );

/** Values come with the program. */
const unused = () => new Float32Array();

async function run(
  output: (weight: Tensor, bias: Tensor) => Tensor,
  weight: NdArray<"float32">,
  inputs: NdArrays,
  precision: Precision,
) {
  const parameters = { w: new Parameter(weight.shape, unused), b: new Parameter([columns], unused) };
  const weights = new Map([
    ["w", weight],
    ["b", wave([columns], 1)],
  ]);
  const program = compile(
    { y: output(parameters.w, parameters.b) },
    { parameters: new Map(Object.entries(parameters)), weights, precision },
  );
  const runtime = await Runtime.load(program.bytes, { threads: 1 });
  const { y } = await runtime.run(inputs);
  await runtime.close();
  return { values: y!.data as Float32Array, sizeBytes: program.bytes.length };
}

const x = input("x", "float32", ["batch", inner]);
const values = wave([rows, inner], 3);

/**
 * What quantisation may move an element of x W by, from the scales: half a step for each weight, one for each
 * activation (half for its value, half for that of zero).
 */
function largestError(weight: NdArray<"float32">, axis: 0 | 1): number {
  const largest = (array: Float32Array) => array.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const ofActivations = (Math.max(...values.data) - Math.min(...values.data)) / 255;
  const ofWeights = largest(weight.data) / 127 / 2;
  expect(axis === 0 ? weight.shape[1] : weight.shape[0]).toBe(inner);
  return (
    inner *
    (largest(values.data) * ofWeights + largest(weight.data) * ofActivations + ofActivations * ofWeights)
  );
}

describe("a product with a stored weight", () => {
  const cases: readonly [string, readonly number[], 0 | 1, (weight: Tensor, bias: Tensor) => Tensor][] = [
    ["of a linear layer", [columns, inner], 0, (w, b) => linear(x, w, b)],
    ["of a linear layer without bias", [columns, inner], 0, (w) => linear(x, w)],
    ["of matrices", [inner, columns], 1, (w) => matmul(x, w, { scale: 0.5 })],
  ];
  test.each(cases)("%s in integers stays within what the scales allow", async (_, shape, axis, output) => {
    const weight = wave(shape, 0.5);
    const exact = await run(output, weight, { x: values }, "float32");
    const quantized = await run(output, weight, { x: values }, "int8");
    const differences = exact.values.map((value, i) => Math.abs(value - quantized.values[i]!));
    expect(Math.max(...differences)).toBeLessThan(largestError(weight, axis));
    // Integers it must be: floats would not differ at all.
    expect(Math.max(...differences)).toBeGreaterThan(0);
  });

  test("of integers gives the same numbers: nothing is rounded where nothing needs to be", async () => {
    const whole = float32(
      [columns, inner],
      Array.from({ length: columns * inner }, (_, i) => (i % inner === 0 ? 127 : (i % 9) - 4)),
    );
    const integers = float32(
      [1, inner],
      Array.from({ length: inner }, (_, i) => (i === 0 ? 255 : i)),
    );
    const output = (w: Tensor) => linear(x, w);
    const exact = await run(output, whole, { x: integers }, "float32");
    expect((await run(output, whole, { x: integers }, "int8")).values).toEqual(exact.values);
  });

  test("of 16 bits differs by the rounding of the weights alone", async () => {
    const weight = wave([columns, inner], 0.5);
    const rounded = float32(weight.shape, weight.data.map(Math.f16round));
    const output = (w: Tensor, b: Tensor) => linear(x, w, b);
    const half = await run(output, weight, { x: values }, "float16");
    expect(half.values).toEqual((await run(output, rounded, { x: values }, "float32")).values);
  });
});

test("rows that are looked up come from integers with a scale for each row", async () => {
  const table = wave([columns, inner], 2);
  const ids = input("ids", "int64", ["batch"]);
  const output = (w: Tensor) => embedding(w, ids);
  const inputs = { ids: int64([2], [3, 0]) };
  const { values: rowsOfTable } = await run(output, table, inputs, "int8");
  for (const [position, id] of [3, 0].entries()) {
    const row = table.data.subarray(id * inner, (id + 1) * inner);
    const scale = Math.max(...row.map(Math.abs)) / 127;
    const found = rowsOfTable.subarray(position * inner, (position + 1) * inner);
    expect(Math.max(...found.map((value, i) => Math.abs(value - row[i]!)))).toBeLessThan(scale * 0.5001);
  }
});

test("a table that is looked up and multiplied is stored once", async () => {
  const table = wave([400, inner], 2);
  const ids = input("ids", "int64", ["batch"]);
  const tied = (w: Tensor) => linear(embedding(w, ids), w);
  const { sizeBytes } = await run(tied, table, { ids: int64([1], [3]) }, "int8");
  expect(sizeBytes).toBeLessThan(1.5 * table.data.length);
});
