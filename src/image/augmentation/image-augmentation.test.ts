import { expect, test } from "vitest";
import { imageAugmentation } from "./image-augmentation.ts";

test("one number is a distance to both sides, as torchvision reads it", () => {
  const given = {
    randomResizedCrop: {},
    rotation: { degrees: 15 },
    colorJitter: { brightness: 0.4, contrast: 1.5, saturation: [0.5, 3], hue: 0.1 },
  };
  expect(imageAugmentation.parse(given)).toEqual({
    randomResizedCrop: { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] },
    horizontalFlip: 0,
    rotation: { degrees: [-15, 15], interpolation: "nearest", fill: [0, 0, 0] },
    colorJitter: { brightness: [0.6, 1.4], contrast: [0, 2.5], saturation: [0.5, 3], hue: [-0.1, 0.1] },
  });
});

test("what was read is read again without change", () => {
  const once = imageAugmentation.parse({ rotation: { degrees: 15 }, colorJitter: { hue: 0.2 } });
  expect(imageAugmentation.parse(once)).toEqual(once);
});

test.each([
  [{ colorJitter: { hue: 0.6 } }, "must be a number from 0 to 0.5, or [smallest, largest] from -0.5 to 0.5"],
  [
    { colorJitter: { hue: [-0.6, 0] } },
    "must be a number from 0 to 0.5, or [smallest, largest] from -0.5 to 0.5",
  ],
  [
    { colorJitter: { brightness: [1.2, 0.8] } },
    "must be a number from 0 on, or [smallest, largest] from 0 on",
  ],
  [{ randomResizedCrop: { scale: [0.5, 1.5] } }, "must be [smallest, largest], above 0 and up to 1"],
  [{ randomResizedCrop: { ratio: 1 } }, "must be [smallest, largest], above 0"],
  [{ horizontalFlip: 2 }, "Too big: expected number to be <=1"],
  [{ rotate: { degrees: 5 } }, 'Unrecognized key: "rotate"'],
])("%j is refused", (given, message) => {
  expect(imageAugmentation.safeParse(given).error?.issues).toEqual([expect.objectContaining({ message })]);
});
