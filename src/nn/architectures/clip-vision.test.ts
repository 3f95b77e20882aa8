import { beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../../tensor/execution/runtime.ts";
import { Trainer } from "../../tensor/execution/trainer.ts";
import {
  adamw,
  compile,
  compileTraining,
  input,
  mseLoss,
  type NdArray,
  type NdArrays,
  type Parameter,
} from "../../tensor/index.ts";
import { namedParameters } from "../module.ts";
import { floats, GoldenModel, gradientTolerance, largestDifference } from "../testing/golden-model.ts";
import { ClipVisionModelWithProjection, clipVisionConfig } from "./clip-vision.ts";

const golden = new GoldenModel("clip-vision-tiny");
const pixels = input("pixel_values", "float32", ["batch", 3, 32, 32]);
const target = input("target", "float32", ["batch", 16]);

describe.skipIf(!golden.available)("CLIP's image encoder gives the numbers of Hugging Face's", () => {
  let model: ClipVisionModelWithProjection;
  let parameters: Map<string, Parameter>;
  let weights: Map<string, NdArray<"float32">>;
  let inputs: NdArrays;

  beforeAll(async () => {
    model = new ClipVisionModelWithProjection(clipVisionConfig.parse(golden.json("config")));
    parameters = namedParameters(model);
    weights = await golden.weights();
    inputs = Object.fromEntries(await golden.tensors("inputs"));
  });
  const loss = () => mseLoss(model.forward(pixels).imageEmbeds, target);

  test("the parameters have its names and shapes", () => {
    const shapes = (map: ReadonlyMap<string, { shape: readonly number[] }>) =>
      Object.fromEntries([...map].map(([name, { shape }]) => [name, [...shape]]));
    expect(shapes(parameters)).toEqual(shapes(weights));
  });

  test("embeddings, hidden states and loss", async () => {
    const { imageEmbeds, hiddenStates } = model.forward(pixels);
    const states = Object.fromEntries(hiddenStates.map((state, i) => [`hidden_states.${i}`, state]));
    const named = {
      image_embeds: imageEmbeds,
      last_hidden_state: hiddenStates.at(-1)!,
      loss: loss(),
      ...states,
    };
    const runtime = await Runtime.load(compile(named, { parameters, weights }).bytes);
    const results = await runtime.run(inputs);
    for (const [name, expected] of await golden.tensors("outputs"))
      expect(largestDifference(floats(results[name]), floats(expected)), name).toBeLessThan(1e-5);
    await runtime.close();
  });

  test("the gradient of every parameter", async () => {
    const program = compileTraining(loss(), { parameters });
    const runtime = await Runtime.load(program.bytes);
    const outputs = await runtime.run({ ...inputs, ...Object.fromEntries(weights) });
    const expected = await golden.tensors("grads");
    expect(program.gradients.map(({ parameter }) => parameter).sort()).toEqual([...expected.keys()].sort());
    for (const { parameter, dense } of program.gradients) {
      const reference = floats(expected.get(parameter));
      expect(largestDifference(floats(outputs[dense!]), reference), parameter).toBeLessThan(
        gradientTolerance(reference),
      );
    }
    await runtime.close();
  });

  test("five steps of AdamW", async () => {
    const trainer = await Trainer.start({
      training: compileTraining(loss(), { parameters }),
      evaluation: compile({ loss: loss() }, { parameters }),
      parameters: weights,
      optimizer: adamw(),
      seed: 0,
    });
    const undetermined = new Set(golden.summary.gradients.zero_gradient);
    for (const [i, expectedLoss] of golden.summary.training.adamw!.losses.entries()) {
      const report = await trainer.step([inputs], { learningRate: 1e-3 });
      // The loss is 6.6: 1e-5 is two units of its last float32 digit.
      expect(Math.abs(report.loss - expectedLoss)).toBeLessThan(1e-5);
      if (i !== 0 && i !== 4) continue;
      const expected = await golden.tensors(`adamw_step${i + 1}`);
      for (const [name, { data }] of trainer.state().parameters)
        if (!undetermined.has(name))
          expect(largestDifference(data, floats(expected.get(name))), name).toBeLessThan(5 * 7e-6);
    }
    await trainer.close();
  });
});

test("patches that do not fill the image are refused", () => {
  const result = clipVisionConfig.safeParse({ model_type: "clip_vision_model", image_size: 30 });
  expect(result.error?.issues[0]?.message).toBe("patch_size must divide image_size");
});
