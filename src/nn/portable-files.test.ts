import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { compile, input, type Program, precisions, type Tensor } from "../tensor/index.ts";
import { unknownOperators } from "../tensor/testing/portable-operators.ts";
import { ClipVisionModelWithProjection, clipVisionConfig } from "./architectures/clip-vision.ts";
import {
  Mobilenetv3ForImageClassification,
  mobilenetv3Config,
  mobilenetv3Layout,
} from "./architectures/mobilenetv3.ts";
import { generationPrograms } from "./generation/programs.ts";
import { initialize, type Module, namedParameters } from "./module.ts";
import { seq2seq } from "./seq2seq.ts";
import { sequenceClassifier } from "./sequence-classifier.ts";

type Precision = (typeof precisions)[number];
type Export = (precision: Precision) => Program[];

const tokens = {
  input_ids: input("input_ids", "int64", ["batch", "sequence"]),
  attention_mask: input("attention_mask", "int64", ["batch", "sequence"]),
};

function exported(model: Module, outputs: Record<string, Tensor>): Export {
  const parameters = namedParameters(model);
  const weights = initialize(parameters, () => 0.5);
  return (precision) => [compile(outputs, { parameters, weights, precision })];
}

function classifier(config: Record<string, unknown>): Export {
  const model = sequenceClassifier({ vocab_size: 12, ...config }, 2);
  return exported(model, { logits: model.forward(tokens).logits });
}

function translator(feed_forward_proj: string): Export {
  const sizes = { vocab_size: 12, d_model: 8, d_kv: 4, d_ff: 16, num_layers: 2, num_heads: 2 };
  const model = seq2seq({ model_type: "t5", ...sizes, feed_forward_proj });
  const weights = initialize(namedParameters(model), () => 0.5);
  const decoder_input_ids = input("decoder_input_ids", "int64", ["batch", "target"]);
  const whole = exported(model, { logits: model.forward({ ...tokens, decoder_input_ids }).logits });
  return (precision) => {
    const { source, step } = generationPrograms(model, weights, { precision });
    return [...whole(precision), source, step];
  };
}

function imageClassifier(): Export {
  const config = mobilenetv3Config.parse({ width_mult: 0.25 });
  const model = new Mobilenetv3ForImageClassification(mobilenetv3Layout(config), 2);
  return exported(model, { logits: model.forward(input("images", "float32", ["batch", 3, 32, 32])).logits });
}

function imageEncoder(hidden_act: string): Export {
  const sizes = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 2, num_attention_heads: 2 };
  const images = { image_size: 8, patch_size: 4, projection_dim: 4 };
  const config = clipVisionConfig.parse({ model_type: "clip_vision_model", ...sizes, ...images, hidden_act });
  const model = new ClipVisionModelWithProjection(config);
  const { imageEmbeds } = model.forward(input("pixels", "float32", ["batch", 3, 8, 8]));
  return exported(model, { imageEmbeds });
}

const small = { hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 16 };
const exports: Readonly<Record<string, Export>> = {
  distilbert: classifier({ model_type: "distilbert", dim: 8, n_layers: 2, n_heads: 2, hidden_dim: 16 }),
  roberta: classifier({ model_type: "roberta", ...small }),
  t5: translator("relu"),
  "t5, gated by gelu": translator("gated-gelu"),
  "t5, gated by silu": translator("gated-silu"),
  mobilenetv3: imageClassifier(),
  "clip-vision": imageEncoder("quick_gelu"),
  "clip-vision with gelu": imageEncoder("gelu"),
};

test.each(Object.entries(exports))("%s is exported in operators that the ONNX checker knows", (_name, of) => {
  for (const precision of precisions)
    for (const { bytes } of of(precision)) expect(unknownOperators(bytes)).toEqual([]);
});

test("every architecture is among them", async () => {
  const folder = new URL("./architectures/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => !file.endsWith(".test.ts"));
  const sources = await Promise.all(files.map((file) => readFile(new URL(file, folder), "utf8")));
  // An architecture has a whole model, a part of one has not.
  const models = files.filter((_, i) => /export class \w+(For|With)\w+ extends/.test(sources[i]!));
  const named = Object.keys(exports).map((name) => `${name.split(",")[0]!.split(" ")[0]}.ts`);
  expect(models.filter((file) => !named.includes(file))).toEqual([]);
});
