import fc from "fast-check";
import { expect, test } from "vitest";
import { fitImage } from "../fit-image.ts";
import { flipHorizontally } from "../rgb-image.ts";
import { patternImage } from "../testing/goldens.ts";
import { numbersFrom } from "../testing/random-numbers.ts";
import { augmentImage } from "./augment-image.ts";
import { imageAugmentation } from "./image-augmentation.ts";

const image = patternImage({ width: 40, height: 30 });
const preparation = {
  size: { width: 16, height: 16 },
  resize: { shortestEdge: 20 },
  interpolation: "bilinear",
} as const;
const everything = imageAugmentation.parse({
  randomResizedCrop: {},
  horizontalFlip: 0.5,
  rotation: { degrees: 20, interpolation: "bilinear" },
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
});

test("the same numbers give the same image, other numbers another", () =>
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const augmented = augmentImage(image, preparation, everything, numbersFrom(seed));
      expect(augmented).toMatchObject(preparation.size);
      expect(augmentImage(image, preparation, everything, numbersFrom(seed))).toEqual(augmented);
      expect(augmentImage(image, preparation, everything, numbersFrom(seed + 1))).not.toEqual(augmented);
    }),
    { numRuns: 50 },
  ));

test("nothing asked for, nothing changed", () => {
  const fitted = fitImage(image, preparation);
  for (const nothing of [{}, { colorJitter: {} }, { rotation: { degrees: 0 } }])
    expect(augmentImage(image, preparation, imageAugmentation.parse(nothing), numbersFrom(1))).toEqual(
      fitted,
    );
});

test("a flip of probability 1 always happens", () => {
  const augmentation = imageAugmentation.parse({ horizontalFlip: 1 });
  const flipped = flipHorizontally(fitImage(image, preparation));
  for (let seed = 0; seed < 20; seed++)
    expect(augmentImage(image, preparation, augmentation, numbersFrom(seed))).toEqual(flipped);
});

test("the image itself stays as it is", () => {
  augmentImage(
    image,
    { ...preparation, resize: "none", size: { width: 40, height: 30 } },
    everything,
    numbersFrom(5),
  );
  expect(image).toEqual(patternImage({ width: 40, height: 30 }));
});
