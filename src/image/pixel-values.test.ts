import { expect, test } from "vitest";
import { z } from "zod";
import { pixelValues } from "./pixel-values.ts";
import { floats, patternImage, readGolden } from "./testing/goldens.ts";

const three = z.tuple([z.number(), z.number(), z.number()]);
const golden = readGolden("normalize.json", {
  input: z.object({ height: z.int(), width: z.int() }),
  mean: three,
  std: three,
  expected: floats,
});

test("the numbers equal ToTensor and Normalize of torchvision bit for bit", () => {
  const { input, mean, std, expected } = golden;
  const values = pixelValues(patternImage(input), { rescale: 1 / 255, mean, std });
  expect(values).toEqual({ dtype: "float32", shape: [3, 5, 7], data: expected });
});

test("channels stand one after the other, each with its own mean and deviation", () => {
  const data = new Uint8Array([1, 2, 3, 4, 5, 6]);
  const values = pixelValues({ width: 2, height: 1, data }, { rescale: 1, mean: [0, 2, 0], std: [1, 1, 3] });
  expect([...values.data]).toEqual([1, 4, 0, 3, 1, 2]);
});
