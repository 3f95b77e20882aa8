import { expect, test } from "vitest";
import { Runtime } from "../tensor/execution/runtime.ts";
import { compile, float32, input, type NdArray, TrainingPass } from "../tensor/index.ts";
import { areNormsFolded, momentsOf, normMeasures, normsOf, withMoments } from "./batch-norm-moments.ts";
import { initialize, namedParameters } from "./module.ts";
import { imageNetworkConfig, MultiHeadClassifier } from "./multi-head-classifier.ts";

const size = 32;
const model = new MultiHeadClassifier(imageNetworkConfig.parse({ width_mult: 0.25, dropout: 0 }), {
  rank: 3,
});
const parameters = namedParameters(model);
const images = input("images", "float32", ["batch", 3, size, size]);
let seed = 1;
const random = () => {
  seed = (seed * 16_807) % 2_147_483_647;
  return seed / 2_147_483_647;
};
const pictures = (count: number) =>
  float32([count, 3, size, size], Float32Array.from({ length: count * 3 * size ** 2 }, random));

/** First weights with shifts, and convolutions that do not keep the size of what they are given. */
function foldedWeights(): Map<string, NdArray<"float32">> {
  const weights = initialize(parameters, random);
  const change = (data: Float32Array, to: (value: number) => number) => data.set(data.map(to));
  for (const norm of normsOf(weights)) change(weights.get(`${norm}.bias`)!.data, () => random() - 0.5);
  for (const { shape, data } of weights.values())
    if (shape.length === 4) change(data, (value) => value * 1.5);
  return weights;
}

async function outputsOf(
  weights: ReadonlyMap<string, NdArray<"float32">>,
  batch: NdArray,
  isTraining: boolean,
) {
  const pass = isTraining ? new TrainingPass() : undefined;
  const pooled = model.poolFeatures(images, pass);
  const { bytes } = compile(
    { pooled, ...(!isTraining && normMeasures(pooled, parameters)) },
    { parameters, weights },
  );
  const runtime = await Runtime.load(bytes);
  try {
    return await runtime.run({ images: batch });
  } finally {
    await runtime.close();
  }
}

const largestDifference = (a: NdArray, b: NdArray): number =>
  Math.max(...[...a.data].map((x, i) => Math.abs(Number(x) - Number(b.data[i]))));

test("norms that keep what they measured compute the same, and in training nearly the same", async () => {
  const weights = foldedWeights();
  expect(areNormsFolded(weights)).toBe(true);
  const batch = pictures(16);
  const { pooled: before, ...measures } = await outputsOf(weights, batch, false);
  const moments = momentsOf([measures]);
  expect([...moments.keys()].sort()).toEqual(normsOf(weights).sort());

  const adopted = withMoments(weights, moments, 0.001);
  expect(areNormsFolded(adopted)).toBe(false);
  const { pooled: after } = await outputsOf(adopted, batch, false);
  expect(largestDifference(after!, before!)).toBeLessThan(1e-4);
  // The batch that was measured has these very statistics.
  const { pooled: training } = await outputsOf(adopted, batch, true);
  expect(largestDifference(training!, before!)).toBeLessThan(1e-3);
  const { pooled: lost } = await outputsOf(weights, batch, true);
  expect(largestDifference(lost!, before!)).toBeGreaterThan(0.1);
});

test("moments of several batches are those of all their images", async () => {
  const weights = foldedWeights();
  const [first, second] = [pictures(4), pictures(4)];
  const both = float32([8, 3, size, size], Float32Array.of(...first.data, ...second.data));
  const measure = async (batch: NdArray) => {
    const { pooled: _, ...measures } = await outputsOf(weights, batch, false);
    return measures;
  };
  const parts = momentsOf([await measure(first), await measure(second)]);
  const whole = momentsOf([await measure(both)]);
  for (const [norm, { mean, variance }] of parts) {
    const expected = whole.get(norm)!;
    for (const [i, value] of mean.entries()) expect(value).toBeCloseTo(expected.mean[i]!, 4);
    for (const [i, value] of variance.entries()) expect(value).toBeCloseTo(expected.variance[i]!, 4);
  }
});
