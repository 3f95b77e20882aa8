import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { decodeImage } from "./decode-image.ts";
import { ImageError } from "./image-error.ts";
import type { RgbImage } from "./rgb-image.ts";
import { bytes, patternImage, readGolden } from "./testing/goldens.ts";

const golden = readGolden("decode.json", {
  cases: z.array(
    z.object({ name: z.string(), file: bytes, height: z.int(), width: z.int(), expected: bytes }),
  ),
  heic: bytes,
  deepCmyk: bytes,
});
const fileOf = (name: string): Uint8Array => golden.cases.find((given) => given.name === name)!.file;

/** A picture as sharp takes it. */
const sharpOf = ({ width, height, data }: RgbImage) => sharp(data, { raw: { width, height, channels: 3 } });

test.each(golden.cases)(
  "$name has the pixels of Pillow's convert(RGB)",
  async ({ file, expected, ...size }) => {
    const { data, ...decodedSize } = await decodeImage(file);
    expect(decodedSize).toMatchObject({ width: size.width, height: size.height });
    expect(Buffer.compare(data, expected)).toBe(0);
  },
);

test("AVIF decodes to within the rounding of its colours", async () => {
  const image = patternImage({ width: 16, height: 9 });
  const decoded = await decodeImage(await sharpOf(image).avif({ lossless: true }).toBuffer());
  expect(decoded).toMatchObject({ width: 16, height: 9 });
  const furthest = Math.max(...decoded.data.map((level, i) => Math.abs(level - image.data[i]!)));
  expect(furthest).toBeLessThanOrEqual(2); // one level each for luma and chroma
});

test("of 16-bit grey the high 8 bits are kept, where Pillow clips to white", async () => {
  const grey = new Uint16Array([0, 255, 256, 0x7fff, 0xffff, 0x1234]);
  const raw = { width: 6, height: 1, channels: 1 } as const;
  const file = await sharp(grey, { raw }).toColourspace("grey16").png().toBuffer();
  const { data } = await decodeImage(file);
  expect([...data].filter((_, i) => i % 3 === 0)).toEqual([0, 0, 1, 0x7f, 0xff, 0x12]);
});

describe("an animation", async () => {
  const frame = (background: string) =>
    sharp({ create: { width: 4, height: 3, channels: 3, background } })
      .png()
      .toBuffer();
  const frames = await Promise.all([frame("#ff0000"), frame("#00ff00")]);
  const gif = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  const webp = await sharp(frames, { join: { animated: true } })
    .webp({ lossless: true })
    .toBuffer();

  test.each([
    ["GIF", gif],
    ["WebP", webp],
  ])("is refused (%s)", async (format, file) => {
    await expect(decodeImage(file)).rejects.toMatchObject({
      code: "animated_image",
      message: `expected one picture, got an animated ${format} of 2 frames; save one frame as PNG`,
    });
  });

  test.each([
    ["GIF", gif],
    ["WebP", webp],
  ])("gives its first frame where asked (%s)", async (_, file) => {
    const image = await decodeImage(file, { animated: "first-frame" });
    expect(image).toMatchObject({ width: 4, height: 3 });
    expect([...image.data.subarray(0, 3)]).toEqual([255, 0, 0]);
  });
});

/** A PNG that claims to be of some size and holds next to nothing. */
function pngThatClaims(width: number, height: number): Uint8Array {
  const chunk = (type: string, body: Uint8Array) => {
    const data = Buffer.concat([Buffer.from(type), body]);
    const numbers = Buffer.alloc(8);
    numbers.writeUInt32BE(body.length, 0);
    numbers.writeUInt32BE(crc32(data), 4);
    return Buffer.concat([numbers.subarray(0, 4), data, numbers.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  const pixels = deflateSync(Buffer.alloc(1000));
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("what is refused, and how", () => {
  const utf8 = (text: string) => new TextEncoder().encode(text);

  const image = "expected an image as JPEG, PNG, WebP, GIF, TIFF or AVIF";
  const whole = (format: string) => `expected a whole ${format}, got one that is damaged or cut short`;

  test.each([
    ["nothing", new Uint8Array(), "empty_image", `${image}, got no bytes`],
    ["text", utf8("Dear sirs"), "unsupported_format", `${image}, got text that begins "Dear sirs"`],
    [
      "SVG",
      utf8('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      "unsupported_format",
      `${image}, got SVG, which is markup and has no pixels; export it as PNG`,
    ],
    [
      "HEIC",
      golden.heic,
      "unsupported_format",
      `${image}, got HEIC, which is compressed with HEVC; save it as JPEG`,
    ],
    [
      "CMYK of 16 bits",
      golden.deepCmyk,
      "unsupported_format",
      "expected grey or RGB of 8 or 16 bits, or CMYK of 8, got a TIFF of cmyk in channels of type ushort; save it as PNG",
    ],
    [
      "a bomb",
      pngThatClaims(60_000, 60_000),
      "too_many_pixels",
      "expected at most 50000000 pixels, got 60000 x 60000 = 3600000000; send a smaller version",
    ],
    [
      "a JPEG without its end",
      fileOf("JPEG").subarray(0, -40),
      "damaged_image",
      `${whole("JPEG")} (VipsJpeg: premature end of JPEG image); send the file again`,
    ],
    [
      "a PNG of other pixels than it claims",
      pngThatClaims(3_000, 3_000),
      "damaged_image",
      `${whole("PNG")} (vipspng: libpng read error); send the file again`,
    ],
    [
      "the first bytes of a WebP",
      fileOf("lossy WebP").subarray(0, 20),
      "damaged_image",
      `${whole("WebP")} (webp: unable to parse image); send the file again`,
    ],
  ])("%s", async (_, file, code, message) => {
    const error = await decodeImage(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ code, message });
  });

  test("more pixels than allowed, and not one less", async () => {
    const file = fileOf("PNG"); // 14 x 10
    await expect(decodeImage(file, { maxPixels: 140 })).resolves.toMatchObject({ width: 14, height: 10 });
    await expect(decodeImage(file, { maxPixels: 139 })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ImageError: expected at most 139 pixels, got 14 x 10 = 140; send a smaller version]`,
    );
  });
});

const anyFile = fc.constantFrom(...golden.cases);

test("a file that is cut short is refused, or nothing of the picture was lost", () =>
  fc.assert(
    fc.asyncProperty(
      anyFile,
      fc.double({ min: 0, max: 1, noNaN: true }),
      async ({ file, expected }, share) => {
        const outcome = await decodeImage(file.subarray(0, Math.floor(file.length * share))).catch(
          (error) => error,
        );
        if (outcome instanceof ImageError) return;
        expect(Buffer.compare(outcome.data, expected)).toBe(0);
      },
    ),
    { numRuns: 300 },
  ));

test("a damaged file is refused with a reason, or gives a whole picture", () =>
  fc.assert(
    fc.asyncProperty(
      anyFile,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1 }),
      async (given, damage) => {
        const file = Uint8Array.from(given.file);
        for (const [place, byte] of damage) file[place % file.length] = byte;
        const outcome = await decodeImage(file, { maxPixels: 1_000_000 }).catch((error) => error);
        if (outcome instanceof ImageError) return;
        expect(outcome.data).toHaveLength(outcome.width * outcome.height * 3);
      },
    ),
    { numRuns: 300 },
  ));
