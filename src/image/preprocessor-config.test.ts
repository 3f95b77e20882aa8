import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { fitImage } from "./fit-image.ts";
import { type ImagePreparation, imagenetPreparation } from "./image-preparation.ts";
import { interpolations } from "./interpolation.ts";
import { pixelValues } from "./pixel-values.ts";
import { loadImagePreparation, saveImagePreparation } from "./preprocessor-config.ts";
import { floats, patternImage, readGolden } from "./testing/goldens.ts";

const folder = () => mkdtemp(join(tmpdir(), "havn-image-"));

async function folderWith(config: unknown): Promise<string> {
  const path = await folder();
  await writeFile(
    join(path, "preprocessor_config.json"),
    typeof config === "string" ? config : JSON.stringify(config),
  );
  return path;
}

const golden = readGolden("clip.json", {
  input: z.object({ height: z.int(), width: z.int() }),
  config: z.looseObject({}),
  expected: floats,
});

test("a CLIP model gets the numbers that Hugging Face's processor gives it", async () => {
  const preparation = await loadImagePreparation(await folderWith(golden.config));
  const values = pixelValues(fitImage(patternImage(golden.input), preparation), preparation);
  expect(values).toEqual({ dtype: "float32", shape: [3, 32, 32], data: golden.expected });
});

describe("older and smaller files", () => {
  const normalize = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };

  test("one number is the shorter edge for a model that crops", async () => {
    const config = { ...normalize, do_center_crop: true, crop_size: 224, size: 256, resample: 3 };
    expect(await loadImagePreparation(await folderWith(config))).toEqual({
      size: { height: 224, width: 224 },
      resize: { shortestEdge: 256 },
      interpolation: "bicubic",
      rescale: 1 / 255,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    });
  });

  test("one number is a square for a model that does not", async () => {
    const preparation = await loadImagePreparation(await folderWith({ ...normalize, size: 224 }));
    expect(preparation).toMatchObject({
      size: { height: 224, width: 224 },
      resize: { height: 224, width: 224 },
    });
  });

  test("steps that are switched off are left out", async () => {
    const config = { do_resize: false, do_rescale: false, do_normalize: false, crop_size: 8 };
    expect(await loadImagePreparation(await folderWith(config))).toMatchObject({
      resize: "none",
      rescale: 1,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    });
  });

  test("a model that normalises by itself is given levels from 0 to 255", async () => {
    const path = await folder();
    const levels = { rescale: 1, mean: [0, 0, 0], std: [1, 1, 1] } satisfies Partial<ImagePreparation>;
    await saveImagePreparation(path, { ...imagenetPreparation, ...levels });
    const config = JSON.parse(await readFile(join(path, "preprocessor_config.json"), "utf8"));
    expect(config).toMatchObject({ do_resize: true, do_rescale: false, do_normalize: false });
    expect(await loadImagePreparation(path)).toEqual({ ...imagenetPreparation, ...levels });
  });

  test.each([
    ["a step of another kind of model", { ...normalize, size: 8, do_pad: true }, "the step do_pad"],
    ["a filter that is not ours", { ...normalize, size: 8, resample: 0 }, "resample 0"],
    ["no size", normalize, "do_resize without a size"],
    ["sizes that differ", { ...normalize, size: { shortest_edge: 8 } }, "images of differing sizes"],
    ["a crop that depends", { ...normalize, size: { shortest_edge: 8 }, crop_pct: 0.9 }, "crop_pct"],
    ["no mean", { size: 8 }, "do_normalize without image_mean"],
    ["a deviation of zero", { ...normalize, size: 8, image_std: [0, 1, 1] }, "std[0]"],
    ["a mean in words", { ...normalize, size: 8, image_mean: "half" }, "image_mean"],
    ["broken JSON", "{", "no JSON"],
  ])("%s is refused", async (_, config, got) => {
    await expect(loadImagePreparation(await folderWith(config))).rejects.toMatchObject({
      name: "ImageError",
      code: "invalid_file",
      got: expect.stringContaining(got),
    });
  });

  test("a folder without the file is named", async () => {
    const path = await folder();
    await expect(loadImagePreparation(path)).rejects.toMatchObject({
      code: "missing_file",
      message: `expected preprocessor_config.json of an image model in ${path}, got none`,
    });
  });
});

test("what is saved is loaded again", () => {
  const side = fc.integer({ min: 1, max: 999 });
  const sides = fc.record({ height: side, width: side });
  const number = fc.double({ min: -10, max: 10, noNaN: true }).map((value) => value + 0); // JSON has no -0
  const positive = fc.double({ min: 0.001, max: 10, noNaN: true });
  const preparation: fc.Arbitrary<ImagePreparation> = fc.record({
    size: sides,
    resize: fc.oneof(fc.constant("none" as const), fc.record({ shortestEdge: side }), sides),
    interpolation: fc.constantFrom(...interpolations),
    rescale: positive,
    mean: fc.tuple(number, number, number),
    std: fc.tuple(positive, positive, positive),
  });
  return fc.assert(
    fc.asyncProperty(preparation, async (given) => {
      const path = await folder();
      await saveImagePreparation(path, given);
      expect(await loadImagePreparation(path)).toEqual({ ...given, size: { ...given.size } });
    }),
    { numRuns: 30, examples: [[imagenetPreparation]] },
  );
});
