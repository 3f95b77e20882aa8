import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../../tensor/execution/runtime.ts";
import { Trainer } from "../../tensor/execution/trainer.ts";
import {
  adam,
  adamw,
  compile,
  compileTraining,
  crossEntropy,
  input,
  type NdArray,
  type NdArrays,
  type OptimizerSettings,
  sgd,
} from "../../tensor/index.ts";
import { namedParameters } from "../module.ts";
import { readSafetensors } from "../safetensors.ts";
import { sequenceClassifier } from "../sequence-classifier.ts";

const folder = fileURLToPath(new URL("../../../../shared/goldens/models/distilbert-tiny/", import.meta.url));
const available = existsSync(folder);
if (!available) console.warn(`SKIPPED: the golden files of distilbert-tiny are not at ${folder}`);

interface Summary {
  gradients: { zero_gradient: string[] };
  training: Record<string, { losses: number[] }>;
}

const tensors = async (file: string) => (await readSafetensors(`${folder}${file}.safetensors`)).tensors;
const floats = (array: NdArray | undefined) => array!.data as Float32Array;

const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce(
    (largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)),
    a.length === b.length ? 0 : Infinity,
  );

describe.skipIf(!available)("DistilBERT gives the numbers of Hugging Face's", () => {
  const config = available ? JSON.parse(readFileSync(`${folder}config.json`, "utf8")) : {};
  const model = available ? sequenceClassifier(config, 2) : undefined!;
  const summary: Summary = available ? JSON.parse(readFileSync(`${folder}summary.json`, "utf8")) : undefined!;
  const parameters = available ? namedParameters(model) : new Map();
  const symbols = {
    input_ids: input("input_ids", "int64", ["batch", "sequence"]),
    attention_mask: input("attention_mask", "int64", ["batch", "sequence"]),
    labels: input("labels", "int64", ["batch"]),
  };
  let weights: Map<string, NdArray<"float32">>;
  let inputs: NdArrays;

  beforeAll(async () => {
    weights = (await tensors("model")) as typeof weights;
    inputs = Object.fromEntries(await tensors("inputs"));
  });

  test("the parameters have the names and shapes of the checkpoint", () => {
    const shapes = (map: ReadonlyMap<string, { shape: readonly number[] }>) =>
      Object.fromEntries([...map].map(([name, { shape }]) => [name, [...shape]]));
    expect(shapes(parameters)).toEqual(shapes(weights));
  });

  test("logits and hidden states agree to 1e-5", async () => {
    const { logits, hiddenStates } = model.forward(symbols);
    const named = Object.fromEntries(hiddenStates.map((state, i) => [`hidden_states.${i}`, state]));
    const loss = crossEntropy(logits, symbols.labels);
    const program = compile({ logits, loss, ...named }, { parameters, weights });
    const runtime = await Runtime.load(program.bytes);
    const outputs = await runtime.run(inputs);
    const expected = await tensors("outputs");
    for (const name of Object.keys(outputs))
      expect(largestDifference(floats(outputs[name]), floats(expected.get(name))), name).toBeLessThan(1e-5);
    await runtime.close();
  });

  test("the gradient of every parameter agrees to 1e-5 + 1e-4 of its largest element", async () => {
    const program = compileTraining(crossEntropy(model.forward(symbols).logits, symbols.labels), {
      parameters,
    });
    const runtime = await Runtime.load(program.bytes);
    const outputs = await runtime.run({ ...inputs, ...Object.fromEntries(weights) });
    const expected = await tensors("grads");
    expect(program.gradients.map(({ parameter }) => parameter).sort()).toEqual([...expected.keys()].sort());
    for (const { parameter, dense } of program.gradients.filter((gradient) => gradient.dense)) {
      const reference = floats(expected.get(parameter));
      const tolerance = 1e-5 + 1e-4 * reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largestDifference(floats(outputs[dense!]), reference), parameter).toBeLessThan(tolerance);
    }
    await runtime.close();
  });

  const optimizers: [string, OptimizerSettings, number][] = [
    // Five times what float32 PyTorch itself differs by (README of the golden files).
    ["adamw", adamw(), 5 * 7e-6],
    ["adam", adam({ weightDecay: 0.01 }), 1e-6],
    ["sgd_nesterov", sgd({ weightDecay: 0.01 }), 1e-6],
  ];

  test.each(optimizers)(
    "five steps of %s: losses to 1e-5, parameters within tolerance",
    async (name, settings, tolerance) => {
      const { logits } = model.forward(symbols);
      const loss = crossEntropy(logits, symbols.labels);
      const trainer = await Trainer.start({
        training: compileTraining(loss, { parameters }),
        evaluation: compile({ loss }, { parameters }),
        parameters: weights,
        optimizer: settings,
        seed: 0,
      });
      const losses: number[] = [];
      for (let step = 1; step <= 5; step++) {
        losses.push((await trainer.step([inputs], { learningRate: 1e-3 })).loss);
        if (step === 1 || step === 5) {
          const expected = await tensors(`${name}_step${step}`);
          for (const [parameter, array] of trainer.state().parameters)
            if (!summary.gradients.zero_gradient.includes(parameter))
              expect(largestDifference(array.data, floats(expected.get(parameter))), parameter).toBeLessThan(
                tolerance,
              );
        }
      }
      losses.forEach((value, i) => {
        expect(Math.abs(value - summary.training[name]!.losses[i]!)).toBeLessThan(1e-5);
      });
      await trainer.close();
    },
  );
});
