import { expect, test } from "vitest";
import { z } from "zod";
import { bytes, patternImage, readGolden } from "../testing/goldens.ts";
import { rotateImage } from "./rotate-image.ts";

const golden = readGolden("rotate.json", {
  input: z.object({ height: z.int(), width: z.int() }),
  cases: z.array(
    z.object({
      degrees: z.number(),
      interpolation: z.enum(["nearest", "bilinear"]),
      fill: z.tuple([z.number(), z.number(), z.number()]),
      expected: bytes,
    }),
  ),
});

test.each(golden.cases)(
  "$degrees degrees ($interpolation) equal torchvision bit for bit",
  ({ degrees, expected, ...options }) => {
    expect(rotateImage(patternImage(golden.input), degrees, options)).toEqual({
      ...golden.input,
      data: expected,
    });
  },
);

test.each(["nearest", "bilinear"] as const)(
  "four quarter turns of a square are none (%s)",
  (interpolation) => {
    const image = patternImage({ width: 8, height: 8 });
    let turned = image;
    for (let i = 0; i < 4; i++) turned = rotateImage(turned, 90, { interpolation });
    expect(turned).toEqual(image);
  },
);
