import { expect, test } from "vitest";
import { z } from "zod";
import { bytes, patternImage, readGolden } from "../testing/goldens.ts";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "./adjust-color.ts";

const adjust = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};

const golden = readGolden("adjust-color.json", {
  input: z.object({ height: z.int(), width: z.int() }),
  cases: z.array(
    z.object({
      property: z.enum(["brightness", "contrast", "saturation", "hue"]),
      amount: z.number(),
      expected: bytes,
    }),
  ),
});

test.each(golden.cases)(
  "$property by $amount equals torchvision bit for bit",
  ({ property, amount, expected }) => {
    const image = patternImage(golden.input);
    expect(adjust[property](image, amount)).toEqual({ ...golden.input, data: expected });
  },
);

test.each(["brightness", "contrast", "saturation"] as const)("%s by 1 changes nothing", (property) => {
  const image = patternImage({ width: 7, height: 5 });
  expect(adjust[property](image, 1)).toEqual(image);
});
