import fc from "fast-check";
import { expect, test } from "vitest";
import { cropImage, flipHorizontally } from "./rgb-image.ts";
import { patternImage } from "./testing/goldens.ts";

/** The red channel, row by row. */
const reds = ({ data }: { data: Uint8Array }) => [...data].filter((_, i) => i % 3 === 0);

test("a crop beyond the image is black there", () => {
  const image = { width: 2, height: 2, data: Uint8Array.from([1, 2, 3, 4].flatMap((red) => [red, 0, 0])) };
  expect(reds(cropImage(image, { left: -1, top: 1, width: 3, height: 2 }))).toEqual([0, 3, 4, 0, 0, 0]);
  expect(reds(cropImage(image, { left: 5, top: 0, width: 1, height: 2 }))).toEqual([0, 0]);
});

test("a flip mirrors each row", () => {
  const image = { width: 3, height: 1, data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]) };
  expect([...flipHorizontally(image).data]).toEqual([7, 8, 9, 4, 5, 6, 1, 2, 3]);
});

test("two flips are none", () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (width, height) => {
      const image = patternImage({ width, height });
      expect(flipHorizontally(flipHorizontally(image))).toEqual(image);
    }),
  ));
