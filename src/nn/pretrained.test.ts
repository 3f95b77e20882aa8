import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { int64, type NdArray } from "../tensor/index.ts";
import {
  Mobilenetv3ForImageClassification,
  mobilenetv3Config,
  mobilenetv3Layout,
} from "./architectures/mobilenetv3.ts";
import { timmMobilenetv3Config, timmMobilenetv3Layout, timmName } from "./architectures/mobilenetv3-timm.ts";
import { storedTensors } from "./counter.ts";
import { namedParameters } from "./module.ts";
import { loadWeights, readModelConfig, savePretrained } from "./pretrained.ts";
import { readSafetensors } from "./safetensors.ts";
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
