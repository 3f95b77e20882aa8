import { describe, expect, test } from "vitest";
import { Trainer } from "../tensor/execution/trainer.ts";
import {
  compile,
  compileTraining,
  crossEntropy,
  input,
  int64,
  type NdArray,
  type NdArrays,
  type Parameter,
  sgd,
  sumOfSquares,
  type Tensor,
  TrainingPass,
} from "../tensor/index.ts";
import { ClipVisionModelWithProjection, clipVisionConfig } from "./architectures/clip-vision.ts";
import {
  Mobilenetv3ForImageClassification,
  mobilenetv3Config,
  mobilenetv3Layout,
} from "./architectures/mobilenetv3.ts";
import { initialize, namedParameters } from "./module.ts";
import { seq2seq } from "./seq2seq.ts";
import { sequenceClassifier } from "./sequence-classifier.ts";

const ids = input("input_ids", "int64", ["batch", "sequence"]);
const mask = input("attention_mask", "int64", ["batch", "sequence"]);
const labels = input("labels", "int64", ["batch"]);

interface Model {
  readonly parameters: Map<string, Parameter>;
  loss(pass?: TrainingPass): Tensor;
  readonly inputs: NdArrays;
}

const tokens = {
  input_ids: int64([2, 4], [0, 5, 6, 2, 0, 7, 2, 1]),
  attention_mask: int64([2, 4], [1, 1, 1, 1, 1, 1, 1, 0]),
};

function classifier(config: Record<string, unknown>): Model {
  const model = sequenceClassifier({ vocab_size: 12, max_position_embeddings: 10, ...config }, 2);
  return {
    parameters: namedParameters(model),
    loss: (pass) =>
      crossEntropy(model.forward({ input_ids: ids, attention_mask: mask }, pass).logits, labels),
    inputs: { ...tokens, labels: int64([2], [0, 1]) },
  };
}

function translator(): Model {
  const model = seq2seq({
    model_type: "t5",
    vocab_size: 12,
    d_model: 8,
    d_kv: 4,
    d_ff: 16,
    num_layers: 2,
    num_heads: 2,
  });
  const written = input("labels", "int64", ["batch", "target"]);
  return {
    parameters: namedParameters(model),
    loss: (pass) => {
      const decoder_input_ids = model.decoderInputs(written);
      return crossEntropy(
        model.forward({ input_ids: ids, attention_mask: mask, decoder_input_ids }, pass).logits,
        written,
      );
    },
    inputs: { ...tokens, labels: int64([2, 3], [3, 4, 1, 5, 1, -100]) },
  };
}

const pixels = (size: number): NdArray => {
  const shape = [2, 3, size, size];
  return {
    dtype: "float32",
    shape,
    data: Float32Array.from({ length: 6 * size * size }, (_, i) => Math.sin(i)),
  };
};

function imageClassifier(): Model {
  const config = mobilenetv3Config.parse({ width_mult: 0.25, num_classes: 2 });
  const model = new Mobilenetv3ForImageClassification(mobilenetv3Layout(config), 2);
  const images = input("images", "float32", ["batch", 3, 32, 32]);
  return {
    parameters: namedParameters(model),
    loss: (pass) => crossEntropy(model.forward(images, pass).logits, labels),
    inputs: { images: pixels(32), labels: int64([2], [0, 1]) },
  };
}

function imageEncoder(): Model {
  const config = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 2, num_attention_heads: 2 };
  const model = new ClipVisionModelWithProjection(
    clipVisionConfig.parse({
      model_type: "clip_vision_model",
      ...config,
      image_size: 8,
      patch_size: 4,
      projection_dim: 4,
      attention_dropout: 0.1,
    }),
  );
  const images = input("images", "float32", ["batch", 3, 8, 8]);
  return {
    parameters: namedParameters(model),
    loss: (pass) => sumOfSquares(model.forward(images, pass).imageEmbeds),
    inputs: { images: pixels(8) },
  };
}

const small = { hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 16 };
const models: Readonly<Record<string, () => Model>> = {
  distilbert: () => classifier({ model_type: "distilbert", dim: 8, n_layers: 2, n_heads: 2, hidden_dim: 16 }),
  roberta: () => classifier({ model_type: "roberta", ...small }),
  t5: translator,
  mobilenetv3: imageClassifier,
  "clip-vision": imageEncoder,
};

/** Three steps with dropout. */
async function train({ parameters, loss, inputs }: Model, recompute: boolean) {
  const pass = new TrainingPass();
  const traced = loss(pass);
  const training = compileTraining(traced, {
    parameters,
    updates: pass.updates,
    recompute: recompute ? pass.boundaries : undefined,
  });
  let state = 7;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const trainer = await Trainer.start({
    training,
    evaluation: compile({ loss: loss() }, { parameters }),
    parameters: initialize(parameters, random),
    optimizer: sgd({ momentum: 0 }),
    seed: 1,
    threads: 1,
  });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++)
    losses.push((await trainer.step([inputs], { learningRate: 0.1 })).loss);
  const trained = trainer.state().parameters;
  await trainer.close();
  return { losses, trained, bytes: training.bytes.length };
}

describe.each(Object.entries(models))("%s, computing its layers again", (_name, create) => {
  test("learns the same", async () => {
    const [kept, recomputed] = [await train(create(), false), await train(create(), true)];
    expect(recomputed.losses).toEqual(kept.losses);
    for (const [name, { data }] of kept.trained)
      expect(recomputed.trained.get(name)!.data, name).toEqual(data);
    expect(recomputed.bytes).toBeGreaterThan(1.1 * kept.bytes);
  });
});
