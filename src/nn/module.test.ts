import { describe, expect, test } from "vitest";
import { Parameter, type Tensor } from "../tensor/index.ts";
import { normal, ones, zeros } from "./initializers.ts";
import { Embedding, LayerNorm, Linear } from "./layers.ts";
import { initialize, Module, namedParameters, withoutDecay } from "./module.ts";

class Block extends Module {
  readonly lin = new Linear(2, 3);
  readonly norm = new LayerNorm(3);
  readonly #rate = 0.1;

  forward(x: Tensor): Tensor {
    return this.#rate > 0 ? this.norm.forward(this.lin.forward(x)) : x;
  }
}

class Model extends Module {
  readonly scale = new Parameter([], ones);
  readonly embeddings = new Embedding(5, 2);
  readonly layer = [new Block(), new Block()];
  readonly name = "model";

  forward(indices: Tensor): Tensor {
    return this.layer.reduce((x, block) => block.forward(x), this.embeddings.forward(indices));
  }
}

const shapes = () => [...namedParameters(new Model())].map(([name, { shape }]) => [name, ...shape]);

describe("parameters", () => {
  test("have the names that PyTorch gives them, in the order of their definition", () => {
    const block = (i: number) => [
      [`layer.${i}.lin.weight`, 3, 2],
      [`layer.${i}.lin.bias`, 3],
      [`layer.${i}.norm.weight`, 3],
      [`layer.${i}.norm.bias`, 3],
    ];
    expect(shapes()).toEqual([["scale"], ["embeddings.weight", 5, 2], ...block(0), ...block(1)]);
  });

  test("keep out of weight decay unless they are matrices", () => {
    const parameters = namedParameters(new Model());
    const decayed = [...parameters.keys()].filter((name) => !withoutDecay(parameters).includes(name));
    expect(decayed).toEqual(["embeddings.weight", "layer.0.lin.weight", "layer.1.lin.weight"]);
  });
});

describe("first values", () => {
  const counter = () => {
    let state = 0;
    return () => (state = (state + 0.37) % 1);
  };

  test("have the shapes of the parameters, and are the same for the same random numbers", () => {
    const values = initialize(namedParameters(new Model()), counter());
    expect([...values].map(([name, { shape }]) => [name, ...shape])).toEqual(shapes());
    for (const { shape, data } of values.values())
      expect(data).toHaveLength(shape.reduce((size, dim) => size * dim, 1));
    expect(initialize(namedParameters(new Model()), counter())).toEqual(values);
  });

  test("are drawn in the order of definition: a new parameter at the end changes none before it", () => {
    const parameters = namedParameters(new Model());
    const longer = new Map([...parameters, ["head.weight", new Parameter([2, 2], normal(1))]]);
    const values = [...initialize(parameters, counter())];
    expect([...initialize(longer, counter())].slice(0, values.length)).toEqual(values);
  });

  test("of a normal distribution have its deviation", () => {
    // A linear congruential generator (Knuth, MMIX's multiplier cut to 32 bits) is random enough for a mean.
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const values = normal(0.02)([100, 100], random);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0, 3);
    expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test("stay finite where a random number is 0", () => {
    expect(normal(1)([4], () => 0).every(Number.isFinite)).toBe(true);
  });

  test("of biases are 0, of the scale of a normalisation 1, of the row of padding 0", () => {
    expect(zeros([2], Math.random)).toEqual(Float32Array.of(0, 0));
    expect(ones([2], Math.random)).toEqual(Float32Array.of(1, 1));
    const padded = namedParameters(new Embedding(3, 2, { paddingIndex: 1 }));
    const [, row, last] = chunks(initialize(padded, counter()).get("weight")!.data as Float32Array, 2);
    expect(row).toEqual([0, 0]);
    expect(last).not.toEqual([0, 0]);
  });
});

const chunks = (values: Float32Array, size: number): number[][] =>
  Array.from({ length: values.length / size }, (_, i) => [...values.subarray(i * size, (i + 1) * size)]);
