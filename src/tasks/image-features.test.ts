import sharp from "sharp";
import { expect, test } from "vitest";
import { imageFeatures } from "./image-features.ts";

/** PNG of a row of grey pixels. */
const greys = (...levels: number[]): Promise<Buffer> =>
  sharp(Uint8Array.from(levels), { raw: { width: levels.length, height: 1, channels: 1 } })
    .png()
    .toBuffer();

test("size, brightness and contrast are those of the pixels", async () => {
  const bytes = await greys(100, 200, 100, 200);
  const { brightness, contrast, ...rest } = await imageFeatures(bytes);
  expect(rest).toEqual({ width: 4, height: 1, size_bytes: bytes.length });
  expect(brightness).toBeCloseTo(150, 9);
  expect(contrast).toBeCloseTo(50, 9);
});

test("a picture of one tone has no contrast", async () => {
  expect((await imageFeatures(await greys(7, 7, 7))).contrast).toBeCloseTo(0, 5);
});

test("what is no image is refused", async () => {
  await expect(imageFeatures(new TextEncoder().encode("hello"))).rejects.toThrow("JPEG, PNG");
});
