import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { centerBox, fitImage, resizedSize } from "./fit-image.ts";
import { imagePreparation } from "./image-preparation.ts";
import { bytes, patternImage, readGolden } from "./testing/goldens.ts";

const golden = readGolden("fit.json", {
  input: z.object({ height: z.int(), width: z.int() }),
  cases: z.array(z.object({ preparation: imagePreparation, expected: bytes })),
});

test.each(golden.cases)(
  "$preparation.resize to $preparation.size equals torchvision bit for bit",
  ({ preparation, expected }) => {
    expect(fitImage(patternImage(golden.input), preparation)).toEqual({
      ...preparation.size,
      data: expected,
    });
  },
);

test("the longer edge is rounded down", () => {
  expect(resizedSize({ width: 30, height: 20 }, { shortestEdge: 7 })).toEqual({ width: 10, height: 7 });
  expect(resizedSize({ width: 20, height: 30 }, { shortestEdge: 7 })).toEqual({ width: 7, height: 10 });
});

test("half a pixel goes to the even side, an odd pixel of padding behind", () => {
  const size = { width: 4, height: 4 };
  expect(centerBox({ width: 5, height: 7 }, size)).toMatchObject({ left: 0, top: 2 });
  expect(centerBox({ width: 3, height: 1 }, size)).toMatchObject({ left: 0, top: -1 });
});

test("whatever the image, the result has the size that the model takes", () =>
  fc.assert(
    fc.property(
      fc.record({ width: fc.integer({ min: 1, max: 60 }), height: fc.integer({ min: 1, max: 60 }) }),
      fc.integer({ min: 1, max: 30 }),
      (image, shortestEdge) => {
        const fitted = fitImage(patternImage(image), {
          size: { width: 12, height: 17 },
          resize: { shortestEdge },
          interpolation: "bicubic",
        });
        expect(fitted).toMatchObject({ width: 12, height: 17 });
        expect(fitted.data).toHaveLength(12 * 17 * 3);
      },
    ),
  ));

test("a strip is not blown up beyond the part that is kept", () => {
  // As a whole, the resized strip would take 40 gigabytes.
  const strip = { width: 200_000, height: 1, data: new Uint8Array(600_000).fill(9) };
  const size = { width: 32, height: 32 };
  const { data } = fitImage(strip, { size, resize: { shortestEdge: 256 }, interpolation: "bilinear" });
  expect([...new Set(data)]).toEqual([9]);
});
