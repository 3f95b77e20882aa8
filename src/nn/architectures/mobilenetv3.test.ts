import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../../tensor/execution/runtime.ts";
import { Trainer } from "../../tensor/execution/trainer.ts";
import {
  adamw,
  compile,
  compileTraining,
  crossEntropy,
  float32,
  input,
  type NdArray,
  type NdArrays,
  type Parameter,
  TrainingPass,
} from "../../tensor/index.ts";
import { computedTensor, storedTensors } from "../counter.ts";
import { namedParameters } from "../module.ts";
import { readSafetensors } from "../safetensors.ts";
import { floats, GoldenModel, gradientTolerance, largestDifference } from "../testing/golden-model.ts";
import {
  Mobilenetv3,
  Mobilenetv3ForImageClassification,
  type Mobilenetv3Layout,
  mobilenetv3Config,
  mobilenetv3Layout,
  poolImages,
} from "./mobilenetv3.ts";
import { timmMobilenetv3Config, timmMobilenetv3Layout, timmName } from "./mobilenetv3-timm.ts";

interface Case {
  readonly folder: string;
  readonly layout: (config: unknown) => Mobilenetv3Layout;
  /** The golden files' name of a parameter. */
  readonly stored: (name: string) => string;
  /** Of outputs in evaluation. */
  readonly outputTolerance: number;
  /** Parameters after five steps of AdamW: five times what float32 PyTorch differs by. */
  readonly stepTolerance: number;
}

const cases: Case[] = [
  {
    folder: "mobilenetv3-small-tv",
    layout: (config) => mobilenetv3Layout({ ...mobilenetv3Config.parse(config), dropout: 0 }),
    stored: (name) => name,
    outputTolerance: 1e-6,
    stepTolerance: 5 * 1e-5,
  },
  {
    folder: "mobilenetv3-small-timm",
    layout: (config) => timmMobilenetv3Layout(timmMobilenetv3Config.parse(config)),
    stored: timmName,
    outputTolerance: 1e-5,
    stepTolerance: 5 * 3e-3,
  },
];

describe.each(cases)("$folder", ({ folder, layout, stored, outputTolerance, stepTolerance }) => {
  const golden = new GoldenModel(folder);
  describe.skipIf(!golden.available)("gives PyTorch's numbers", () => {
    let model: Mobilenetv3ForImageClassification;
    let parameters: Map<string, Parameter>;
    let weights: Map<string, NdArray<"float32">>;
    let inputs: NdArrays;
    const x = (size: number) => input("x", "float32", ["batch", 3, size, size]);
    const labels = input("labels", "int64", ["batch"]);

    beforeAll(async () => {
      model = new Mobilenetv3ForImageClassification(layout(golden.json("config")), 10);
      parameters = namedParameters(model);
      inputs = Object.fromEntries(await golden.tensors("inputs"));
      weights = await loaded("model");
    });

    /** Tensors under the model's own names; 1x1 convolutions of timm's are linear layers here. */
    async function loaded(file: string) {
      const tensors = await golden.tensors(file);
      return new Map(
        [...parameters].flatMap(([name, parameter]) => {
          const array = tensors.get(stored(name));
          const { shape } = parameter;
          return array ? [[name, { ...computedTensor(parameter, array)!, shape }] as const] : [];
        }),
      );
    }

    test("the parameters have its names and sizes, counters as int64", async () => {
      const expected = await golden.tensors("model");
      const described = (map: ReadonlyMap<string, NdArray>, name = (key: string) => key) =>
        Object.fromEntries([...map].map(([key, { dtype, data }]) => [name(key), `${dtype} ${data.length}`]));
      expect(described(storedTensors(parameters, weights), stored)).toEqual(described(expected));
    });

    test.each([64, 224])("outputs for images of %i pixels", async (size) => {
      const { features, ...outputs } = model.forward(x(size));
      const named = { ...outputs, features: features.at(-1)! };
      const runtime = await Runtime.load(compile(named, { parameters, weights }).bytes);
      const results = await runtime.run({ x: inputs[size === 64 ? "x" : "x224"]! });
      const expected = await golden.tensors("outputs");
      const prefix = size === 64 ? "" : "224.";
      const compared = Object.keys(named).filter((name) => expected.has(prefix + name));
      expect(compared).toContain("logits");
      for (const name of compared)
        expect(
          largestDifference(floats(results[name]), floats(expected.get(prefix + name))),
          name,
        ).toBeLessThan(outputTolerance);
      await runtime.close();
    });

    const training = () => {
      const pass = new TrainingPass();
      const loss = crossEntropy(model.forward(x(64), pass).logits, labels);
      return compileTraining(loss, { parameters, updates: pass.updates });
    };

    test("the gradient of every parameter, by the statistics of the batch", async () => {
      const program = training();
      const runtime = await Runtime.load(program.bytes);
      const outputs = await runtime.run({ ...inputs, ...Object.fromEntries(weights) });
      const expected = await loaded("grads");
      expect(program.gradients.map(({ parameter }) => parameter)).toEqual([...expected.keys()]);
      for (const { parameter, dense } of program.gradients) {
        const reference = floats(expected.get(parameter));
        expect(largestDifference(floats(outputs[dense!]), reference), parameter).toBeLessThan(
          gradientTolerance(reference),
        );
      }
      await runtime.close();
    });

    test("five steps of AdamW: losses to 1e-5, parameters and running statistics within tolerance", async () => {
      const trainer = await Trainer.start({
        training: training(),
        evaluation: compile({ logits: model.forward(x(64)).logits }, { parameters }),
        parameters: weights,
        optimizer: adamw(),
        seed: 0,
      });
      const { losses } = golden.summary.training.adamw!;
      const undetermined = new Set(golden.summary.gradients.zero_gradient);
      for (const [i, expectedLoss] of losses.entries()) {
        const { loss } = await trainer.step([inputs], { learningRate: 1e-3 });
        expect(Math.abs(loss - expectedLoss)).toBeLessThan(1e-5);
        if (i !== 0 && i !== 4) continue;
        const expected = await loaded(`adamw_step${i + 1}`);
        for (const [name, { data }] of trainer.state().parameters)
          if (!undetermined.has(stored(name)))
            expect(largestDifference(data, floats(expected.get(name))), name).toBeLessThan(stepTolerance);
      }
      await trainer.close();
    });
  });
});

const folder = new URL("../../../../shared/weights/mobilenet-v3-small/", import.meta.url);
const available = existsSync(folder);
if (!available) console.warn(`SKIPPED: the weights of MobileNetV3-small are not at ${folder.pathname}`);

test.skipIf(!available)(
  "the features of ImageNet's weights agree with the network they are from",
  async () => {
    const model = new Mobilenetv3(mobilenetv3Layout(mobilenetv3Config.parse({})));
    const { tensors } = await readSafetensors(fileURLToPath(new URL("features.safetensors", folder)));
    const pooled = poolImages(model.convolve(input("x", "float32", ["batch", 3, 224, 224])).at(-1)!);
    const parameters = namedParameters(model);
    const weights = tensors as Map<string, NdArray<"float32">>;
    const runtime = await Runtime.load(compile({ pooled }, { parameters, weights }).bytes);
    const shape = [1, 3, 224, 224];
    const x = float32(
      shape,
      Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(0.01 * i)),
    );
    const { embedding } = JSON.parse(readFileSync(new URL("check.json", folder), "utf8"));
    // check.json has six digits behind the point.
    expect(
      largestDifference(floats((await runtime.run({ x })).pooled), Float32Array.from(embedding)),
    ).toBeLessThan(4e-6);
    await runtime.close();
  },
);
