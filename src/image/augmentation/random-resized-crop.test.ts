import fc from "fast-check";
import { expect, test } from "vitest";
import { resizeImage } from "../resize-image.ts";
import { cropImage } from "../rgb-image.ts";
import { patternImage } from "../testing/goldens.ts";
import { numbersFrom } from "../testing/random-numbers.ts";
import { drawBox, middleBox, randomResizedCrop } from "./random-resized-crop.ts";

const crop = { scale: [0.3, 0.6] as [number, number], ratio: [0.5, 2] as [number, number] };

test("the box lies within the image and has the area and proportions asked for", () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 80, max: 300 }),
      fc.integer({ min: 80, max: 300 }),
      fc.nat(),
      (width, height, seed) => {
        fc.pre(width / height < 2 && height / width < 2); // else the ten attempts may all fail
        const box = drawBox({ width, height }, crop, numbersFrom(seed));
        expect(Math.min(box.left, box.top)).toBeGreaterThanOrEqual(0);
        expect(box.left + box.width).toBeLessThanOrEqual(width);
        expect(box.top + box.height).toBeLessThanOrEqual(height);
        // Both sides are rounded to whole pixels: one in forty at the smallest.
        const area = (box.width * box.height) / (width * height);
        expect(area).toBeGreaterThan(0.3 * 0.95);
        expect(area).toBeLessThan(0.6 * 1.05);
        expect(box.width / box.height).toBeGreaterThan(0.5 * 0.95);
        expect(box.width / box.height).toBeLessThan(2 * 1.05);
      },
    ),
  ));

test("all places are reached", () => {
  const random = numbersFrom(3);
  const boxes = Array.from({ length: 300 }, () =>
    drawBox({ width: 6, height: 6 }, { ...crop, scale: [0.1, 0.1] }, random),
  );
  expect(Math.min(...boxes.map(({ left }) => left))).toBe(0);
  expect(Math.max(...boxes.map(({ left, width }) => left + width))).toBe(6);
  expect(Math.max(...boxes.map(({ top, height }) => top + height))).toBe(6);
});

test("where no box fits, the middle is taken, as torchvision takes it", () => {
  // Expectations: RandomResizedCrop(1, ratio=(3/4, 4/3)).make_params of torchvision 0.29.2.
  const ratio: [number, number] = [3 / 4, 4 / 3];
  expect(middleBox({ width: 100, height: 9 }, ratio)).toEqual({ left: 44, top: 0, width: 12, height: 9 });
  expect(middleBox({ width: 9, height: 100 }, ratio)).toEqual({ left: 0, top: 44, width: 9, height: 12 });
  expect(middleBox({ width: 10, height: 10 }, ratio)).toEqual({ left: 0, top: 0, width: 10, height: 10 });
  expect(drawBox({ width: 100, height: 1 }, { scale: [1, 1], ratio }, numbersFrom(1))).toMatchObject({
    width: 1,
    height: 1,
  });
});

test("the box is what is resized", () => {
  const image = patternImage({ width: 50, height: 40 });
  const size = { width: 12, height: 8 };
  const result = randomResizedCrop(image, { size, interpolation: "bicubic" }, crop, numbersFrom(7));
  const box = drawBox(image, crop, numbersFrom(7));
  expect(result).toEqual(resizeImage(cropImage(image, box), size, { interpolation: "bicubic" }));
});
