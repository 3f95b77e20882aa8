/** What a picture is like, as numbers that drift is looked for in. */
import { decodeImage } from "../image/index.ts";

export interface ImageFeatures {
  /** Pixels, the right way up. */
  readonly width: number;
  readonly height: number;
  /** Of the file. */
  readonly size_bytes: number;
  /** Mean of the luma, from 0 (black) to 255. */
  readonly brightness: number;
  /** Standard deviation of the luma: 0 where the picture is of one tone. */
  readonly contrast: number;
}

/** @throws {ImageError} for what is no image or damaged */
export async function imageFeatures(bytes: Uint8Array): Promise<ImageFeatures> {
  const { width, height, data } = await decodeImage(bytes);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < data.length; i += 3) {
    // ITU-R BT.601, as Pillow and JPEG have it.
    const luma = 0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!;
    sum += luma;
    squares += luma * luma;
  }
  const pixels = data.length / 3;
  const brightness = sum / pixels;
  const contrast = Math.sqrt(Math.max(0, squares / pixels - brightness * brightness));
  return { width, height, size_bytes: bytes.length, brightness, contrast };
}
