import { expect, test } from "vitest";
import { float32 } from "../tensor/index.ts";
import { collateImages } from "./collate-images.ts";

test("images become a batch in their order", () => {
  const batch = collateImages([float32([3, 1, 1], [1, 2, 3]), float32([3, 1, 1], [4, 5, 6])]);
  expect(batch).toEqual(float32([2, 3, 1, 1], [1, 2, 3, 4, 5, 6]));
});

test("images of differing sizes are refused with the place", () => {
  const images = [float32([3, 2, 2]), float32([3, 2, 2]), float32([3, 2, 1])];
  expect(() => collateImages(images)).toThrowErrorMatchingInlineSnapshot(
    `[ImageError: expected images of one shape in a batch, [3, 2, 2] as the first, got [3, 2, 1] at position 2]`,
  );
});

test("an empty batch is refused", () => {
  expect(() => collateImages([])).toThrowErrorMatchingInlineSnapshot(
    `[ImageError: expected at least one image in a batch, got none]`,
  );
});
