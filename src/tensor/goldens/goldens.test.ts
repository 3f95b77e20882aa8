import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gradients } from "../autodiff.ts";
import { Runtime } from "../execution/runtime.ts";
import type { NdArray, NdArrays } from "../ndarray.ts";
import { mul, sum } from "../operators/index.ts";
import { compile } from "../program.ts";
import type { Shape } from "../shape.ts";
import { input, Tensor } from "../tensor.ts";
import { type Attributes, type GoldenOperator, goldenOperators } from "./operator-cases.ts";
import { readSafetensors } from "./read-safetensors.ts";

const folder = new URL("../../../../shared/goldens/ops/", import.meta.url);
const available = existsSync(folder);
if (!available) console.warn(`SKIPPED: the golden files of operators are not at ${folder}`);

interface Index {
  readonly ops: Record<
    string,
    { file: string; cases: Record<string, { attrs: Attributes; err32: number; grads?: string[] }> }
  >;
}

const index: Index = available
  ? JSON.parse(readFileSync(new URL("index.json", folder), "utf8"))
  : { ops: {} };

/** The arrays of one case, those whose name begins with `prefix`, by the rest of their names. */
const arraysOf = (arrays: NdArrays, prefix: string): NdArrays =>
  Object.fromEntries(
    Object.entries(arrays).flatMap(([name, array]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), array]] : [],
    ),
  );

/** Inputs of a case; the leading dimension of those that hold the batch gets a name. */
function symbols(arrays: NdArrays, batch: readonly string[]): Record<string, Tensor> {
  const size = batch.length > 0 ? arrays[batch[0]!]!.shape[0] : undefined;
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape }]) => {
      const named = batch.includes(name) && shape[0] === size;
      return [name, input(name, dtype, named ? ["batch", ...shape.slice(1)] : shape)];
    }),
  );
}

/** Outputs of a case, and the gradient of sum(output * dy) by each of `variables`. */
async function compute(
  { write }: GoldenOperator,
  { name, attributes, variables, batch }: CaseOptions,
  arrays: { inputs: NdArrays; dy: NdArray | undefined },
): Promise<NdArrays> {
  const inputs = symbols(arrays.inputs, batch);
  const written = write(inputs, attributes, name);
  const outputs: Record<string, Tensor> = written instanceof Tensor ? { output: written } : { ...written };
  if (arrays.dy) {
    const loss = sum(mul(outputs.output!, input("dy", "float32", outputs.output!.shape)));
    const slopes = gradients(
      loss,
      variables.map((variable) => inputs[variable]!),
    );
    variables.forEach((variable, i) => {
      outputs[`grad.${variable}`] = slopes[i]!;
    });
  }
  const runtime = await Runtime.load(compile(outputs, { parameters: new Map() }).bytes, { threads: 1 });
  const results = await runtime.run({ ...arrays.inputs, ...(arrays.dy && { dy: arrays.dy }) });
  await runtime.close();
  return results;
}

interface CaseOptions {
  readonly name: string;
  readonly attributes: Attributes;
  readonly variables: readonly string[];
  readonly batch: readonly string[];
}

const largestDifference = (a: NdArray, b: NdArray): number => {
  const expected = b.data as Float32Array;
  return (a.data as Float32Array).reduce(
    // Written so that a NaN counts as infinitely wrong.
    (most, value, i) =>
      Math.abs(value - expected[i]!) <= most ? most : Math.abs(value - expected[i]!) || Infinity,
    0,
  );
};

const shapeOf = ({ shape }: { shape: Shape }) => [...shape];

test.skipIf(!available)("every golden operator is written", () => {
  expect(Object.keys(goldenOperators).sort()).toEqual(Object.keys(index.ops).sort());
});

describe.skipIf(!available).each(Object.entries(index.ops))(
  "%s gives PyTorch's numbers",
  (operator, { file, cases }) => {
    const golden = goldenOperators[operator]!;
    const arrays = available ? readSafetensors(new URL(file, folder)) : {};

    for (const [name, { attrs: attributes, err32, grads: variables = [] }] of Object.entries(cases)) {
      const expected = arraysOf(arrays, `${name}/`);
      const inputs = arraysOf(expected, "in.");
      // The README of the golden files: what a sound float32 implementation stays within.
      const tolerance = 1e-6 + 10 * err32;

      const check = async (batch: readonly string[]) => {
        const results = await compute(
          golden,
          { name, attributes, variables, batch },
          { inputs, dy: expected.dy },
        );
        const names = Object.keys(expected).filter((key) => !key.startsWith("in.") && key !== "dy");
        expect(names.filter((key) => !results[key])).toEqual([]);
        for (const key of names) {
          expect(shapeOf(results[key]!), key).toEqual(shapeOf(expected[key]!));
          expect(largestDifference(results[key]!, expected[key]!), key).toBeLessThanOrEqual(tolerance);
        }
      };

      test(name, () => check([]));
      if (golden.batch && !golden.fixed?.includes(name) && (inputs[golden.batch[0]!]?.shape.length ?? 0) > 0)
        test(`${name} with a named dimension`, () => check(golden.batch!));
    }
  },
);
