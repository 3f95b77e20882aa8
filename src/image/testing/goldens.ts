import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ImageSize, RgbImage } from "../rgb-image.ts";

/** Bytes written in base64. */
export const bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, "base64")));

/** Little-endian float32 numbers written in base64. */
export const floats = bytes.transform((data) => new Float32Array(data.buffer));

/** Reads what another library computed, from `src/image/goldens`; its provenance stands in the file. */
export function readGolden<Shape extends z.ZodRawShape>(name: string, shape: Shape) {
  const file = new URL(`../goldens/${name}`, import.meta.url);
  return z.object(shape).parse(JSON.parse(readFileSync(file, "utf8")));
}

/** The picture that the golden files were computed from: no edge, no colour and no symmetry is spared. */
export function patternImage({ width, height }: ImageSize): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    data[i] = 3 * x * x + 5 * y * y + (channel + 2) * x * y + 80 * channel;
  }
  return { width, height, data };
}
