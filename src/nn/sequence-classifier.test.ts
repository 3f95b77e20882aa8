import { beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../tensor/execution/runtime.ts";
import { Trainer } from "../tensor/execution/trainer.ts";
import {
  adam,
  adamw,
  compile,
  compileTraining,
  crossEntropy,
  input,
  int64,
  type NdArray,
  type NdArrays,
  type OptimizerSettings,
  type Parameter,
  sgd,
} from "../tensor/index.ts";
import { initialize, namedParameters, withoutDecay } from "./module.ts";
import { type SequenceClassifier, sequenceClassifier } from "./sequence-classifier.ts";
import {
  floats,
  GoldenModel,
  type GoldenSummary,
  gradientTolerance,
  largestDifference,
} from "./testing/golden-model.ts";

const symbols = {
  input_ids: input("input_ids", "int64", ["batch", "sequence"]),
  attention_mask: input("attention_mask", "int64", ["batch", "sequence"]),
  labels: input("labels", "int64", ["batch"]),
};

interface Case {
  readonly folder: string;
  readonly labels: number;
  /** Name in the golden files, settings, tolerance of parameters after five steps. */
  readonly optimizers: readonly [string, OptimizerSettings, number][];
}

// Five times what float32 PyTorch itself differs by (README of the golden files).
const afterAdamW = 5 * 7e-6;
const cases: Case[] = [
  {
    folder: "distilbert-tiny",
    labels: 2,
    optimizers: [
      ["adamw", adamw(), afterAdamW],
      ["adam", adam({ weightDecay: 0.01 }), 1e-6],
      ["sgd_nesterov", sgd({ weightDecay: 0.01 }), 1e-6],
    ],
  },
  { folder: "roberta-tiny", labels: 3, optimizers: [["adamw", adamw(), afterAdamW]] },
  { folder: "bertweet-tiny", labels: 2, optimizers: [["adamw", adamw(), afterAdamW]] },
];

describe.each(cases)(
  "$folder gives the numbers of Hugging Face's model",
  ({ folder, labels, optimizers }) => {
    const golden = new GoldenModel(folder);
    describe.skipIf(!golden.available)("with its checkpoint", () => {
      let model: SequenceClassifier;
      let parameters: Map<string, Parameter>;
      let summary: GoldenSummary;
      let weights: Map<string, NdArray<"float32">>;
      let inputs: NdArrays;

      beforeAll(async () => {
        model = sequenceClassifier(golden.json("config"), labels);
        parameters = namedParameters(model);
        summary = golden.summary;
        weights = await golden.weights();
        inputs = Object.fromEntries(await golden.tensors("inputs"));
      });
      const loss = () => crossEntropy(model.forward(symbols).logits, symbols.labels);

      test("the parameters have its names and shapes", () => {
        const shapes = (map: ReadonlyMap<string, { shape: readonly number[] }>) =>
          Object.fromEntries([...map].map(([name, { shape }]) => [name, [...shape]]));
        expect(shapes(parameters)).toEqual(shapes(weights));
      });

      test("logits, loss and hidden states agree to 1e-5", async () => {
        const { logits, hiddenStates } = model.forward(symbols);
        const named = Object.fromEntries(hiddenStates.map((state, i) => [`hidden_states.${i}`, state]));
        const program = compile({ logits, loss: loss(), ...named }, { parameters, weights });
        const runtime = await Runtime.load(program.bytes);
        const outputs = await runtime.run(inputs);
        const expected = await golden.tensors("outputs");
        for (const name of Object.keys(outputs))
          expect(largestDifference(floats(outputs[name]), floats(expected.get(name))), name).toBeLessThan(
            1e-5,
          );
        await runtime.close();
      });

      // A tiny model has the most to lose: much of its file is names, and sums of 32 products do not even out what
      // each is rounded by.
      test.each([
        ["float16", 0.56, 0.005],
        ["int8", 0.45, 0.06],
      ] as const)(
        "stored as %s it takes less than %f of the bytes and moves no logit by more than %f of the largest",
        async (precision, size, tolerance) => {
          const outputs = { logits: model.forward(symbols).logits };
          const full = compile(outputs, { parameters, weights });
          const small = compile(outputs, { parameters, weights, precision });
          expect(small.bytes.length).toBeLessThan(size * full.bytes.length);
          const runtime = await Runtime.load(small.bytes);
          const { logits } = await runtime.run(inputs);
          const expected = floats((await golden.tensors("outputs")).get("logits"));
          const largest = largestDifference(expected, new Float32Array(expected.length));
          expect(largestDifference(floats(logits), expected)).toBeLessThan(tolerance * largest);
          await runtime.close();
        },
      );

      test("every gradient that is not a lookup's agrees", async () => {
        const program = compileTraining(loss(), { parameters });
        const runtime = await Runtime.load(program.bytes);
        const outputs = await runtime.run({ ...inputs, ...Object.fromEntries(weights) });
        const expected = await golden.tensors("grads");
        expect(program.gradients.map(({ parameter }) => parameter).sort()).toEqual(
          [...expected.keys()].sort(),
        );
        for (const { parameter, dense } of program.gradients.filter((gradient) => gradient.dense)) {
          const reference = floats(expected.get(parameter));
          expect(largestDifference(floats(outputs[dense!]), reference), parameter).toBeLessThan(
            gradientTolerance(reference),
          );
        }
        await runtime.close();
      });

      test("the gradients of lookups agree: plain descent with rate 1 moves every parameter by its gradient", async () => {
        const trainer = await start({ optimizer: sgd({ momentum: 0 }) });
        await trainer.step([inputs], { learningRate: 1 });
        const expected = await golden.tensors("grads");
        for (const [name, moved] of trainer.state().parameters) {
          const reference = floats(expected.get(name));
          const gradient = floats(weights.get(name)).map((value, i) => value - moved.data[i]!);
          // Both values are of the size of a weight: their difference loses as many digits.
          expect(largestDifference(gradient, reference), name).toBeLessThan(
            1e-6 + gradientTolerance(reference),
          );
        }
        await trainer.close();
      });

      test.each(optimizers)(
        "five steps of %s: losses to 1e-5, parameters within tolerance",
        async (name, optimizer, tolerance) => {
          const trainer = await start({ optimizer });
          const losses: number[] = [];
          for (let step = 1; step <= 5; step++) {
            losses.push((await trainer.step([inputs], { learningRate: 1e-3 })).loss);
            if (step !== 1 && step !== 5) continue;
            const expected = await golden.tensors(`${name}_step${step}`);
            for (const [parameter, array] of trainer.state().parameters)
              if (!summary.gradients.zero_gradient.includes(parameter))
                expect(
                  largestDifference(array.data, floats(expected.get(parameter))),
                  parameter,
                ).toBeLessThan(tolerance);
          }
          losses.forEach((value, i) => {
            expect(Math.abs(value - summary.training[name]!.losses[i]!)).toBeLessThan(1e-5);
          });
          await trainer.close();
        },
      );

      const start = (options: {
        optimizer: OptimizerSettings;
        maxGradientNorm?: number;
        withoutDecay?: string[];
      }) =>
        Trainer.start({
          training: compileTraining(loss(), { parameters }),
          evaluation: compile({ loss: loss() }, { parameters }),
          parameters: weights,
          seed: 0,
          ...options,
        });

      if (folder !== "roberta-tiny") return;
      test("ten steps as a trainer makes them: warm-up, clipping, decay by group", async () => {
        const { log } = golden.json<{
          trainer_run: { log: { loss: number; grad_norm: number; lr: number }[] };
        }>("summary").trainer_run;
        const batches = await golden.tensors("trainer_batches");
        const trainer = await start({
          optimizer: adamw({ weightDecay: 0.05 }),
          maxGradientNorm: 1,
          withoutDecay: withoutDecay(parameters),
        });
        for (const [step, { loss, grad_norm, lr }] of log.entries()) {
          const prefix = `step${step}.`;
          const batch = [...batches]
            .filter(([name]) => name.startsWith(prefix))
            .map(([name, array]) => [name.slice(prefix.length), array]);
          const report = await trainer.step([Object.fromEntries(batch)], { learningRate: lr });
          expect(report.loss).toBeCloseTo(loss, 4);
          expect(report.gradientNorm / grad_norm).toBeCloseTo(1, 4);
        }
        const expected = await golden.tensors("trainer_final");
        for (const [name, array] of trainer.state().parameters)
          if (!summary.gradients.zero_gradient.includes(name))
            expect(largestDifference(array.data, floats(expected.get(name))), name).toBeLessThan(
              10 * afterAdamW,
            );
        await trainer.close();
      });
    });
  },
);

describe("the longest text of a model", () => {
  const sizes = { vocab_size: 12, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2 };
  const cases = [
    { model_type: "distilbert", vocab_size: 12, dim: 8, n_layers: 1, n_heads: 2, hidden_dim: 16, longest: 7 },
    { model_type: "roberta", ...sizes, intermediate_size: 16, longest: 5 },
    { model_type: "roberta", ...sizes, intermediate_size: 16, pad_token_id: 0, longest: 6 },
  ];

  test.each(cases)("is %o", async ({ longest, ...config }) => {
    const model = sequenceClassifier({ ...config, max_position_embeddings: 7 }, 2);
    expect(model.maxLength).toBe(longest);
    const parameters = namedParameters(model);
    const { bytes } = compile(
      { logits: model.forward(symbols).logits },
      { parameters, weights: initialize(parameters, () => 0.5) },
    );
    const runtime = await Runtime.load(bytes, { threads: 1 });
    const run = (length: number) => {
      const ones = int64([1, length], new Array(length).fill(3));
      return runtime.run({ input_ids: ones, attention_mask: ones });
    };
    expect((await run(longest)).logits!.shape).toEqual([1, 2]);
    await expect(run(longest + 1)).rejects.toThrow("the program failed");
    await runtime.close();
  });
});
