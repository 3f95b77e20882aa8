import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { float32, int64, type NdArray, type NdArrays } from "../ndarray.ts";
import { add, crossEntropy, embedding, leadingRows, mean } from "../operators/index.ts";
import { sgd } from "../optimizers.ts";
import { compile, compileTraining } from "../program.ts";
import { input, Parameter } from "../tensor.ts";
import { Trainer, type TrainerOptions } from "./trainer.ts";

const parameter = (shape: readonly number[]) => new Parameter(shape, () => new Float32Array());
const [words, positions] = [parameter([7, 3]), parameter([4, 3])];
const parameters = new Map([
  ["words", words],
  ["positions", positions],
]);
const ids = input("ids", "int64", ["batch", "sequence"]);
const labels = input("labels", "int64", ["batch"]);
const logits = mean(add(embedding(words, ids), leadingRows(positions, { count: "sequence" })), { axes: [1] });
const loss = crossEntropy(logits, labels);

const weights = (): Map<string, NdArray<"float32">> =>
  new Map([...parameters].map(([name, { shape }]) => [name, float32(shape)]));
const start = (more: Partial<TrainerOptions> = {}) =>
  Trainer.start({
    training: compileTraining(loss, { parameters }),
    evaluation: compile({ logits, loss }, { parameters }),
    parameters: weights(),
    optimizer: sgd({ momentum: 0.9 }),
    seed: 1,
    threads: 1,
    ...more,
  });
const batch = { ids: int64([2, 3], [1, 2, 3, 4, 5, 6]), labels: int64([2], [0, 1]) };

describe("what is given to a step", () => {
  let trainer: Trainer;
  beforeAll(async () => {
    trainer = await start();
  });
  afterAll(() => trainer.close());

  const refusals: readonly (readonly [string, NdArrays, string])[] = [
    [
      "an input of another type",
      { labels: float32([2]) },
      "input labels must be int64 [batch], got float32 [2]",
    ],
    [
      "an input of another rank",
      { labels: int64([2, 1], [0, 1]) },
      "input labels must be int64 [batch], got int64 [2, 1]",
    ],
    [
      "a dimension of two sizes",
      { labels: int64([3], [0, 1, 2]) },
      "input labels must be int64 [batch] with batch = 2 as in ids, got int64 [3]",
    ],
    [
      "fewer elements than the shape has",
      { labels: { dtype: "int64", shape: [2], data: new BigInt64Array(1) } },
      "input labels [2] must have 2 elements, got 1",
    ],
    [
      "a label that is no class",
      { labels: int64([2], [0, 3]) },
      "input labels must be -100 or within 0 and 2, the classes of the scores [batch, 3]; got 3 at [1]",
    ],
    [
      "a label below 0, which ONNX would count from the end",
      { labels: int64([2], [-1, 0]) },
      "input labels must be -100 or within 0 and 2, the classes of the scores [batch, 3]; got -1 at [0]",
    ],
    [
      "a token outside of the vocabulary",
      { ids: int64([2, 3], [1, 2, 3, 4, 7, 6]) },
      "input ids must be within 0 and 6, the rows of words [7, 3]; got 7 at [1, 1]",
    ],
    [
      "more tokens than there are positions",
      { ids: int64([2, 5], new Array(10).fill(1)) },
      "sequence must be at most 4, the rows of positions [4, 3]; got 5",
    ],
  ];

  test.each(refusals)("%s is refused with its name", async (_what, wrong, message) => {
    const given = { ...batch, ...wrong };
    await expect(trainer.step([given], { learningRate: 0.1 })).rejects.toThrow(message);
    await expect(trainer.evaluate(given)).rejects.toThrow(message);
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])(
    "a learning rate of %s is refused",
    async (learningRate) => {
      await expect(trainer.step([batch], { learningRate })).rejects.toThrow(
        `learningRate must be a number of at least 0, got ${learningRate}`,
      );
    },
  );

  test("labels of -100 do not count", async () => {
    const ignored = { ...batch, labels: int64([2], [0, -100]) };
    expect((await trainer.step([ignored], { learningRate: 0 })).loss).toBeCloseTo(Math.log(3));
  });

  test("a loss that is no number is reported, and leaves the parameters as they were", async () => {
    const before = trainer.state();
    const nothing = { ...batch, labels: int64([2], [-100, -100]) };
    const { loss, gradientNorm } = await trainer.step([nothing], { learningRate: 0.1 });
    expect({ loss, gradientNorm }).toEqual({ loss: Number.NaN, gradientNorm: Number.NaN });
    expect(trainer.state().parameters).toEqual(before.parameters);
  });

  test("a state without the moment of a parameter is refused", () => {
    const state = trainer.state();
    const slots = new Map([...state.slots].map(([slot]) => [slot, new Map()]));
    expect(() => trainer.restore({ ...state, slots })).toThrow("the state lacks the velocity of words");
    expect(() => trainer.restore({ ...state, slots: new Map() })).toThrow(
      "the state holds no moments, the optimizer needs velocity",
    );
  });
});

describe("what a trainer starts with", () => {
  const refusals: readonly (readonly [string, Partial<TrainerOptions>, string])[] = [
    [
      "missing weights",
      { parameters: new Map([...weights()].slice(0, 1)) },
      "the parameters lack positions [4, 3], which the model has",
    ],
    [
      "weights of another shape",
      { parameters: new Map([...weights(), ["words", float32([7, 4])]]) },
      "parameter words must have shape [7, 3], got [7, 4]",
    ],
    [
      "decay of an unknown parameter",
      { withoutDecay: ["word"] },
      "withoutDecay or rateScales name word, but the model has no such parameter",
    ],
    [
      "a factor on the rate of an unknown parameter",
      { rateScales: new Map([["position", 2]]) },
      "withoutDecay or rateScales name position, but the model has no such parameter",
    ],
  ];

  test.each(refusals)("%s is refused", async (_what, wrong, message) => {
    await expect(start(wrong)).rejects.toThrow(message);
  });
});

describe("what is compiled", () => {
  test("weights with fewer elements than their shape has are refused", () => {
    const broken = { ...float32([4, 3]), data: new Float32Array(5) };
    const values = new Map([...weights(), ["positions", broken]]);
    expect(() => compile({ logits }, { parameters, weights: values })).toThrow(
      "positions [4, 3] must have 12 elements, the weights have 5",
    );
  });

  test("a frozen parameter that there is not is refused", () => {
    expect(() => compileTraining(loss, { parameters, frozen: new Set(["word"]) })).toThrow(
      "frozen names word, but the model has no such parameter",
    );
  });

  test("an input may be written twice, but not as two things", () => {
    const again = input("labels", "int64", ["batch"]);
    const twice = compile({ sum: add(labels, again) }, { parameters: new Map() });
    expect(twice.inputs).toEqual([{ name: "labels", dtype: "int64", shape: ["batch"] }]);
    const other = input("labels", "int64", [1]);
    expect(() => compile({ sum: add(labels, other) }, { parameters: new Map() })).toThrow(
      "two inputs are called labels: int64 [batch] and int64 [1]",
    );
  });
});
