import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { float32, int64, type NdArray } from "../tensor/index.ts";
import {
  Mobilenetv3ForImageClassification,
  mobilenetv3Config,
  mobilenetv3Layout,
} from "./architectures/mobilenetv3.ts";
import { timmMobilenetv3Config, timmMobilenetv3Layout, timmName } from "./architectures/mobilenetv3-timm.ts";
import { storedTensors } from "./counter.ts";
import { initialize, namedParameters } from "./module.ts";
import { loadWeights, readModelConfig, savePretrained } from "./pretrained.ts";
import { readSafetensors } from "./safetensors.ts";
import { sequenceClassifier } from "./sequence-classifier.ts";
import { TwoHeadClassifier, twoHeadConfig } from "./two-head-classifier.ts";

const models = fileURLToPath(new URL("../../../shared/goldens/models/", import.meta.url));
const features = fileURLToPath(new URL("../../../shared/weights/mobilenet-v3-small/", import.meta.url));
const available = existsSync(models) && existsSync(features);
if (!available) console.warn(`SKIPPED: there are no checkpoints at ${models} and ${features}`);

const random = () => 0.5;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-pretrained-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe.skipIf(!available)("checkpoints of networks with batch normalisation", () => {
  const small = async () => {
    const config = mobilenetv3Config.parse(await readModelConfig(`${models}mobilenetv3-small-tv`));
    return namedParameters(new Mobilenetv3ForImageClassification(mobilenetv3Layout(config), 10));
  };

  test("are written as they were read, with counters as int64", async () => {
    const parameters = await small();
    const { weights, fresh, unused } = await loadWeights(`${models}mobilenetv3-small-tv`, parameters, {
      base: "features",
      random,
    });
    expect({ fresh, unused }).toEqual({ fresh: [], unused: [] });
    await savePretrained(folder, {}, storedTensors(parameters, weights));
    const read = async (path: string) => (await readSafetensors(join(path, "model.safetensors"))).tensors;
    expect(await read(folder)).toEqual(await read(`${models}mobilenetv3-small-tv`));
  });

  test("start their counters at 0 where the checkpoint has none", async () => {
    const parameters = namedParameters(new TwoHeadClassifier(twoHeadConfig.parse({})));
    const { weights, fresh, unused } = await loadWeights(features, parameters, {
      base: "model.features",
      file: "features.safetensors",
      storedName: (name) => name.replace(/^model\./, ""),
      random,
    });
    expect(unused).toEqual([]);
    expect(fresh.filter((name) => !name.endsWith(".num_batches_tracked"))).toEqual([
      "model.classifier.0.weight",
      "model.classifier.0.bias",
      "rank_head.weight",
      "rank_head.bias",
      "suit_head.weight",
      "suit_head.bias",
    ]);
    expect(weights.get("model.features.0.1.num_batches_tracked")!.data).toEqual(Float32Array.of(0));
    expect([...weights.keys()]).toEqual([...parameters.keys()]);
  });

  test("of timm have other names, and a convolution of one pixel for a linear layer", async () => {
    const config = timmMobilenetv3Config.parse(await readModelConfig(`${models}mobilenetv3-small-timm`));
    const parameters = namedParameters(
      new Mobilenetv3ForImageClassification(timmMobilenetv3Layout(config), 10),
    );
    const { weights, fresh, unused } = await loadWeights(`${models}mobilenetv3-small-timm`, parameters, {
      base: "features",
      storedName: timmName,
      random,
    });
    expect({ fresh, unused }).toEqual({ fresh: [], unused: [] });
    expect(weights.get("classifier.0.weight")!.shape).toEqual([1024, 144]);
  });

  test("whose counter is a vector are refused", async () => {
    await copyFile(`${models}mobilenetv3-small-tv/model.safetensors`, join(folder, "model.safetensors"));
    const { tensors } = await readSafetensors(join(folder, "model.safetensors"));
    const name = "features.0.1.num_batches_tracked";
    await savePretrained(folder, {}, new Map<string, NdArray>([...tensors, [name, int64([2], [1, 2])]]));
    await expect(loadWeights(folder, await small(), { base: "features", random })).rejects.toThrow(
      `tensor "${name}" must have shape [], got [2]`,
    );
  });
});

describe("checkpoints of transformers", () => {
  const config = {
    model_type: "distilbert",
    ...{ vocab_size: 10, max_position_embeddings: 4, dim: 4, n_layers: 1, n_heads: 2, hidden_dim: 8 },
  };
  const parameters = namedParameters(sequenceClassifier(config, 2));
  const head = ["pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias"];
  /** Weights of a trained model: no two numbers are the same. */
  let trained: Map<string, NdArray<"float32">>;
  beforeEach(() => {
    let count = 0;
    trained = initialize(parameters, () => 1 / (2 + count++));
  });

  const save = (weights: Iterable<readonly [string, NdArray]>) =>
    savePretrained(folder, config, new Map(weights));
  const load = () => loadWeights(folder, parameters, { base: "distilbert", random });
  const body = () => [...trained].filter(([name]) => !head.includes(name));
  const bodyOf = (weights: ReadonlyMap<string, NdArray>) =>
    new Map([...weights].filter(([name]) => !head.includes(name)));

  test("with a head of the same size are taken as they are", async () => {
    await save(trained);
    expect(await load()).toEqual({ weights: trained, fresh: [], unused: [] });
  });

  test("without a head get a new one", async () => {
    await save(body());
    const { weights, fresh, unused } = await load();
    expect({ fresh, unused }).toEqual({ fresh: head, unused: [] });
    expect(bodyOf(weights)).toEqual(new Map(body()));
    expect([...weights.keys()]).toEqual([...parameters.keys()]);
  });

  test("of the bare base name their tensors without its prefix", async () => {
    await save(body().map(([name, array]) => [name.replace("distilbert.", ""), array]));
    const { weights, fresh } = await load();
    expect(fresh).toEqual(head);
    expect(bodyOf(weights)).toEqual(new Map(body()));
  });

  test("with a language model's head say what is left over", async () => {
    const leftOver = ["vocab_layer_norm.weight", "vocab_projector.bias", "vocab_transform.weight"];
    const [, array] = body()[0]!;
    await save([...body(), ...leftOver.map((name) => [name, array] as const)]);
    expect(await load()).toMatchObject({ fresh: head, unused: leftOver });
  });

  test("whose body lacks a tensor are refused", async () => {
    await save([...trained].filter(([name]) => name !== "distilbert.transformer.layer.0.ffn.lin1.bias"));
    await expect(load()).rejects.toThrow(
      `${join(folder, "model.safetensors")}: tensor "distilbert.transformer.layer.0.ffn.lin1.bias" of shape [8] is missing`,
    );
  });

  test("for another number of classes get a new classifier and keep the rest of the head", async () => {
    const ofThree = namedParameters(sequenceClassifier(config, 3));
    await save(trained);
    const { weights, fresh, unused } = await loadWeights(folder, ofThree, { base: "distilbert", random });
    expect({ fresh, unused }).toEqual({ fresh: ["classifier.weight", "classifier.bias"], unused: [] });
    expect(weights.get("classifier.weight")!.shape).toEqual([3, 4]);
    expect(weights.get("pre_classifier.weight")).toEqual(trained.get("pre_classifier.weight"));
    await expect(loadWeights(folder, ofThree, { base: "", random })).rejects.toThrow(
      'tensor "classifier.weight" must have shape [3, 4], got [2, 4]',
    );
  });

  test("in whose body a tensor has another shape are refused", async () => {
    const name = "distilbert.transformer.layer.0.ffn.lin2.weight";
    const { shape } = parameters.get(name)!;
    await save([...trained, [name, float32([3, 5], new Float32Array(15))]]);
    await expect(load()).rejects.toThrow(
      `tensor "${name}" must have shape [${shape.join(", ")}], got [3, 5]`,
    );
  });

  test("of whole numbers are refused", async () => {
    await save([...trained, ["classifier.bias", int64([2], [1, 2])]]);
    await expect(load()).rejects.toThrow('tensor "classifier.bias" must be a float, got int64');
  });

  test("draw a new head from the given random numbers", async () => {
    await save(body());
    const headOf = async (random: () => number) => {
      const { weights } = await loadWeights(folder, parameters, { base: "distilbert", random });
      return weights.get("classifier.weight")!.data;
    };
    expect(await headOf(() => 0.1)).toEqual(await headOf(() => 0.1));
    expect(await headOf(() => 0.1)).not.toEqual(await headOf(() => 0.2));
  });
});

describe("config.json", () => {
  const reading = async (text: string) => {
    await writeFile(join(folder, "config.json"), text);
    return readModelConfig(folder).catch((error: Error) =>
      error.message.replace(folder, "").replace("\\", "/"),
    );
  };

  test("is read as it is", async () => {
    expect(await reading('{"model_type": "distilbert", "dim": 4}')).toEqual({
      model_type: "distilbert",
      dim: 4,
    });
  });

  test("that is none is refused with its place", async () => {
    expect(await reading("[]")).toBe("/config.json: must be a JSON object");
    expect(await reading("null")).toBe("/config.json: must be a JSON object");
    expect(await reading("{")).toMatch(/^\/config\.json: cannot be read: /);
    await rm(join(folder, "config.json"));
    await expect(readModelConfig(folder)).rejects.toThrow("config.json: cannot be read: ENOENT");
  });

  test("of a model that is not known, or cannot be, is refused", () => {
    const refusal = (config: object) => () => sequenceClassifier({ ...config }, 2);
    expect(refusal({ model_type: "llama" })).toThrow(
      /^config\.json: model_type must be one of .*distilbert.*, got "llama"$/,
    );
    expect(refusal({})).toThrow("got undefined");
    expect(refusal({ model_type: "distilbert", vocab_size: 10, dim: "wide", dropout: 1.5 })).toThrow(
      /^config\.json: dim: .*; dropout: /,
    );
  });
});
