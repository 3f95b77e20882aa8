import { beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../tensor/execution/runtime.ts";
import { Trainer } from "../tensor/execution/trainer.ts";
import {
  adam,
  adamw,
  compile,
  compileTraining,
  input,
  type NdArray,
  type NdArrays,
  type OptimizerSettings,
  type Parameter,
  softmax,
  type Tensor,
  TrainingPass,
} from "../tensor/index.ts";
import { computedTensor } from "./counter.ts";
import { namedParameters } from "./module.ts";
import { floats, GoldenModel, gradientTolerance, largestDifference } from "./testing/golden-model.ts";
import {
  type BackboneMode,
  TwoHeadClassifier,
  type TwoHeadOutputs,
  twoHeadConfig,
  twoHeadLoss,
} from "./two-head-classifier.ts";

interface Gradients {
  readonly zero_gradient: readonly string[];
}
interface Summary {
  readonly eval: { readonly rank_loss: number; readonly loss_w: Readonly<Record<string, number>> };
  readonly frozen_gradients: Gradients;
  readonly frozen_eval_gradients: Gradients;
  readonly "full_w0.3_gradients": Gradients;
  readonly training: Readonly<Record<string, { readonly losses: readonly number[] }>>;
}

interface Run {
  readonly name: "frozen" | "frozen_eval" | "full_w0.3";
  readonly backbone: BackboneMode;
  readonly rankWeight: number;
  readonly optimizer: OptimizerSettings;
  readonly optimizerName: string;
  /** Parameters after five steps, as the README of the golden files says. */
  readonly tolerance: number;
}

const decayed = adam({ weightDecay: 0.01 });
const runs: Run[] = [
  {
    name: "frozen",
    backbone: "frozen",
    rankWeight: 0.5,
    optimizer: decayed,
    optimizerName: "adam",
    tolerance: 2e-5,
  },
  {
    name: "frozen_eval",
    backbone: "frozen_eval",
    rankWeight: 0.5,
    optimizer: decayed,
    optimizerName: "adam",
    tolerance: 2e-5,
  },
  {
    name: "full_w0.3",
    backbone: "full",
    rankWeight: 0.3,
    optimizer: adamw(),
    optimizerName: "adamw",
    tolerance: 5 * 1e-4,
  },
];

const golden = new GoldenModel<Summary>("cards-two-head");
const symbols = {
  x: input("x", "float32", ["batch", 3, 64, 64]),
  rank: input("rank", "int64", ["batch"]),
  suit: input("suit", "int64", ["batch"]),
};

describe.skipIf(!golden.available)("two heads on MobileNetV3 give PyTorch's numbers", () => {
  let model: TwoHeadClassifier;
  let parameters: Map<string, Parameter>;
  let inputs: NdArrays;

  beforeAll(async () => {
    const config = golden.json<Record<string, unknown>>("config");
    model = new TwoHeadClassifier(twoHeadConfig.parse({ width_mult: 0.25, dropout: 0, ...config }));
    parameters = namedParameters(model);
    inputs = Object.fromEntries(await golden.tensors("inputs"));
  });

  async function loaded(file: string): Promise<Map<string, NdArray<"float32">>> {
    const tensors = await golden.tensors(file);
    return new Map(
      [...tensors].map(([name, array]) => [name, computedTensor(parameters.get(name)!, array)!]),
    );
  }

  test("the parameters have the checkpoint's names", async () => {
    expect([...parameters.keys()].sort()).toEqual([...(await golden.tensors("model")).keys()].sort());
  });

  test("outputs, and losses of several weights", async () => {
    const outputs = model.forward(symbols.x);
    const losses = Object.fromEntries(
      Object.keys(golden.summary.eval.loss_w).map((weight) => [
        weight,
        twoHeadLoss(outputs, symbols, Number(weight)),
      ]),
    );
    const rank_probabilities = softmax(outputs.rank_logits);
    const suit_probabilities = softmax(outputs.suit_logits);
    const named = { ...outputs, rank_probabilities, suit_probabilities, ...losses };
    const program = compile(named, { parameters, weights: await loaded("model") });
    const runtime = await Runtime.load(program.bytes);
    const results = await runtime.run(inputs);
    for (const [name, expected] of await golden.tensors("outputs"))
      expect(largestDifference(floats(results[name]), floats(expected)), name).toBeLessThan(1e-6);
    for (const [weight, expected] of Object.entries(golden.summary.eval.loss_w))
      expect(results[weight]!.data[0]).toBeCloseTo(expected, 5);
    await runtime.close();
  });

  const training = ({ backbone, rankWeight }: Run, forward = model.forward.bind(model)) => {
    const pass = new TrainingPass();
    const loss = twoHeadLoss(forward(symbols.x, pass, backbone), symbols, rankWeight);
    return compileTraining(loss, { parameters, frozen: model.frozen(backbone), updates: pass.updates });
  };

  const start = async (run: Run, forward?: typeof model.forward) =>
    Trainer.start({
      training: training(run, forward),
      evaluation: compile({ ...model.forward(symbols.x) }, { parameters }),
      parameters: await loaded("model"),
      optimizer: run.optimizer,
      seed: 0,
    });

  test.each(runs)("$name: gradients", async (run) => {
    const program = training(run);
    const runtime = await Runtime.load(program.bytes);
    const outputs = await runtime.run({ ...inputs, ...Object.fromEntries(await loaded("model")) });
    const expected = await loaded(`${run.name}_grads`);
    expect(program.gradients.map(({ parameter }) => parameter).sort()).toEqual([...expected.keys()].sort());
    for (const { parameter, dense } of program.gradients) {
      const reference = floats(expected.get(parameter));
      expect(largestDifference(floats(outputs[dense!]), reference), parameter).toBeLessThan(
        gradientTolerance(reference),
      );
    }
    await runtime.close();
  });

  test.each(runs)("$name: five steps, with everything that changes", async (run) => {
    const key = `${run.name}_${run.optimizerName}`;
    const undetermined = new Set(golden.summary[`${run.name}_gradients`].zero_gradient);
    const trainer = await start(run);
    for (const [i, expectedLoss] of golden.summary.training[key]!.losses.entries()) {
      const { loss } = await trainer.step([inputs], { learningRate: 1e-3 });
      expect(Math.abs(loss - expectedLoss)).toBeLessThan(1e-5);
      if (i !== 0 && i !== 4) continue;
      const expected = await loaded(`${key}_step${i + 1}`);
      for (const [name, { data }] of trainer.state().parameters)
        if (!undetermined.has(name))
          expect(largestDifference(data, floats(expected.get(name))), name).toBeLessThan(run.tolerance);
    }
    await trainer.close();
  });

  test("features that were computed once train the heads as the whole network does", async () => {
    const run = runs.find(({ name }) => name === "frozen_eval")!;
    const extraction = compile({ features: model.poolFeatures(symbols.x) }, { parameters });
    const weights = await loaded("model");
    const runtime = await Runtime.load(extraction.bytes);
    const { features } = await runtime.run({ ...inputs, ...Object.fromEntries(weights) });
    await runtime.close();
    const cached = input("features", "float32", ["batch", features!.shape[1]!]);
    const heads = await start(
      run,
      (_images: Tensor, pass?: TrainingPass): TwoHeadOutputs => model.headForward(cached, pass),
    );
    const whole = await start(run);
    const batch = { rank: inputs.rank!, suit: inputs.suit!, features: features! };
    for (let step = 0; step < 3; step++) {
      const expected = await whole.step([inputs], { learningRate: 1e-3 });
      const report = await heads.step([batch], { learningRate: 1e-3 });
      expect(report.loss).toBeCloseTo(expected.loss, 6);
    }
    const expected = whole.state().parameters;
    for (const [name, { data }] of heads.state().parameters)
      expect(largestDifference(data, floats(expected.get(name))), name).toBeLessThan(1e-6);
    await heads.close();
    await whole.close();
  });
});

test("a weight of the rank above 1 is refused", () => {
  const logits = (size: number) => input("logits", "float32", ["batch", size]);
  const outputs = { embedding: logits(8), rank_logits: logits(13), suit_logits: logits(4) };
  expect(() => twoHeadLoss(outputs, symbols, 1.3)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: the weight of the rank must be between 0 and 1, got 1.3]`,
  );
});
