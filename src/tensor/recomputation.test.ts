import { expect, test } from "vitest";
import { Runtime } from "./execution/runtime.ts";
import { float32 } from "./ndarray.ts";
import { add, dropout, linear, softplus, sumOfSquares } from "./operators/index.ts";
import { compileTraining } from "./program.ts";
import { input, Parameter, type Tensor } from "./tensor.ts";
import { TrainingPass } from "./training-pass.ts";

const width = 4;
const weights = [0, 1, 2].map(() => new Parameter([width, width], () => new Float32Array()));
const bias = new Parameter([width], () => new Float32Array());
const parameters = new Map([...weights.map((weight, i) => [`weight${i}`, weight] as const), ["bias", bias]]);
const x = input("x", "float32", ["batch", width]);
/** What all layers use, as they use an attention mask: it is kept. */
const shared = add(x, 1);

/** Three layers x + dropout(softplus(x W^T + b)) + shared, whose ends are the boundaries. */
function program(recompute: boolean) {
  const pass = new TrainingPass();
  const layer = (state: Tensor, weight: Tensor) => {
    const y = softplus(linear(state, weight, bias));
    return pass.boundary(add(add(state, dropout(y, pass.mask(y.shape, 0.25))), shared));
  };
  const loss = sumOfSquares(weights.reduce<Tensor>(layer, pass.boundary(x)));
  return compileTraining(loss, { parameters, recompute: recompute ? pass.boundaries : undefined });
}

const filled = (shape: readonly number[], seed: number) =>
  float32(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(seed + 7 * i)),
  );
const values = {
  x: filled([5, width], 1),
  bias: filled([width], 2),
  ...Object.fromEntries(weights.map(({ shape }, i) => [`weight${i}`, filled(shape, 3 + i)])),
  ...Object.fromEntries(weights.map((_, i) => [`mask_${i}`, filled([5, width], 6 + i)])),
};

/** The outputs of a run, and the operators that were executed, in their order. */
async function run(recompute: boolean) {
  const runtime = await Runtime.load(program(recompute).bytes, {
    threads: 1,
    profile: { track: "kernels", runs: 1 },
  });
  const outputs = await runtime.run(values);
  const kernels = runtime.kernels().map(({ name }) => name);
  await runtime.close();
  return { outputs, kernels };
}

test("gradients are the same, bit for bit", async () => {
  const [kept, recomputed] = [await run(false), await run(true)];
  expect(recomputed.outputs).toEqual(kept.outputs);
});

/** Products x W^T + b, alone or joined with what follows, and products with an upstream derivative. */
const products = (kernels: readonly string[]) =>
  kernels.flatMap((name) =>
    name.endsWith("Gemm") ? ["layer"] : name === "FusedMatMul" ? ["derivative"] : [],
  );

test("layers are computed again, each when the backward pass comes to it", async () => {
  const [kept, recomputed] = [await run(false), await run(true)];
  const forward = ["layer", "layer", "layer"];
  const derivatives = ["derivative", "derivative"];
  const ofWeights = ["derivative", "derivative", "derivative"];
  expect(products(kept.kernels)).toEqual([...forward, ...derivatives, ...ofWeights]);
  const backward = ["layer", "derivative", "layer", "derivative", "layer"];
  expect(products(recomputed.kernels)).toEqual([...forward, ...backward, ...ofWeights]);
});

test("what several layers use is kept, and what no derivative asks for is not computed again", async () => {
  const additions = async (recompute: boolean) =>
    (await run(recompute)).kernels.filter((name) => name === "Add").length;
  // x + 1, two sums in each layer, and those of the derivatives.
  expect(await additions(true)).toBe(await additions(false));
});
