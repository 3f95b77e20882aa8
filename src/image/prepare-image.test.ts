import { existsSync, readFileSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { imageAugmentation } from "./augmentation/image-augmentation.ts";
import { imagenetPreparation } from "./image-preparation.ts";
import { prepareImage } from "./prepare-image.ts";
import { numbersFrom } from "./testing/random-numbers.ts";

const red = await sharp({ create: { width: 300, height: 200, channels: 3, background: "#ff0000" } })
  .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
  .toBuffer();

test("a file becomes what a model with ImageNet weights takes", async () => {
  const { dtype, shape, data } = await prepareImage(red, imagenetPreparation);
  expect({ dtype, shape }).toEqual({ dtype: "float32", shape: [3, 224, 224] });
  const middle = (channel: number) => data[channel * 224 * 224 + 112 * 224 + 112];
  // A JPEG keeps pure red as (254, 0, 0).
  expect(middle(0)).toBeCloseTo((254 / 255 - 0.485) / 0.229, 5);
  expect(middle(1)).toBeCloseTo((0 - 0.456) / 0.224, 5);
  expect(middle(2)).toBeCloseTo((0 - 0.406) / 0.225, 5);
});

test("training varies what serving does not", async () => {
  const by = imageAugmentation.parse({ colorJitter: { brightness: [0.5, 0.5] } });
  const options = { augment: { by, random: numbersFrom(1) } };
  const { data } = await prepareImage(
    red,
    { ...imagenetPreparation, mean: [0, 0, 0], std: [1, 1, 1] },
    options,
  );
  expect(data[0]).toBeCloseTo(127 / 255, 5);
});

test("what is no image is refused", async () => {
  await expect(prepareImage(new Uint8Array(), imagenetPreparation)).rejects.toMatchObject({
    code: "empty_image",
  });
});

const readme = new URL("../../../shared/weights/mobilenet-v3-small/README.md", import.meta.url);
if (!existsSync(readme))
  console.warn("skipped: shared/weights/mobilenet-v3-small is not beside the repository");
describe.skipIf(!existsSync(readme))("MobileNetV3-small with ImageNet weights", () => {
  test("asks for the mean and deviation of imagenetPreparation", () => {
    const text = readFileSync(readme, "utf8");
    const numbers = (name: string) => JSON.parse(text.match(new RegExp(`${name} (\\[[^\\]]+\\])`))![1]!);
    expect(imagenetPreparation.mean).toEqual(numbers("mean"));
    expect(imagenetPreparation.std).toEqual(numbers("std"));
  });
});
