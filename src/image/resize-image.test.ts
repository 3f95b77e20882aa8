import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { interpolations } from "./interpolation.ts";
import { resizeImage } from "./resize-image.ts";
import { cropImage } from "./rgb-image.ts";
import { bytes, patternImage, readGolden } from "./testing/goldens.ts";

const golden = readGolden("resize.json", {
  input: z.object({ height: z.int(), width: z.int() }),
  cases: z.array(
    z.object({
      height: z.int(),
      width: z.int(),
      interpolation: z.enum(interpolations),
      expected: bytes,
    }),
  ),
});

test.each(golden.cases)(
  "$interpolation to $width x $height equals torchvision bit for bit",
  ({ expected, interpolation, ...size }) => {
    expect(resizeImage(patternImage(golden.input), size, { interpolation })).toEqual({
      ...size,
      data: expected,
    });
  },
);

const sides = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) });
const interpolation = fc.constantFrom(...interpolations);

test("a window has the pixels of the whole", () =>
  fc.assert(
    fc.property(sides, sides, interpolation, fc.gen(), (from, to, interpolation, draw) => {
      const left = draw(fc.integer, { min: 0, max: to.width - 1 });
      const top = draw(fc.integer, { min: 0, max: to.height - 1 });
      const width = draw(fc.integer, { min: 1, max: to.width - left });
      const height = draw(fc.integer, { min: 1, max: to.height - top });
      const window = { left, top, width, height };
      const image = patternImage(from);
      const whole = resizeImage(image, to, { interpolation });
      expect(resizeImage(image, to, { interpolation, window })).toEqual(cropImage(whole, window));
    }),
  ));

test("an image of one colour keeps it at every size", () =>
  fc.assert(
    fc.property(
      sides,
      sides,
      interpolation,
      fc.integer({ min: 0, max: 255 }),
      (from, to, interpolation, level) => {
        const data = new Uint8Array(from.width * from.height * 3).fill(level);
        const resized = resizeImage({ ...from, data }, to, { interpolation });
        expect(resized.data.every((value) => value === level)).toBe(true);
      },
    ),
  ));

test("the same size gives the same pixels", () => {
  const image = patternImage({ width: 9, height: 4 });
  expect(resizeImage(image, { width: 9, height: 4 }, { interpolation: "lanczos" })).toEqual(image);
});
