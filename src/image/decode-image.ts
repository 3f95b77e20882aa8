import sharp, { type Metadata, type SharpOptions } from "sharp";
import { ImageError } from "./image-error.ts";
import { acceptedImages, type ImageFormat, imageFormat } from "./image-format.ts";
import type { RgbImage } from "./rgb-image.ts";

/** What is accepted from outside. */
export interface DecodeOptions {
  /** Most pixels an image may have when unpacked; each takes 3 to 4 bytes of memory. Default: 50 million. */
  readonly maxPixels?: number;
  /** What becomes of an animated GIF or WebP; its first frame is often blank, so that the default is to refuse. */
  readonly animated?: "refuse" | "first-frame";
}

/** Damage is refused, oddities that every decoder reads over (a stray byte between two markers) are not. */
const reading: SharpOptions = { failOn: "error", ignoreIcc: true, autoOrient: true };

/**
 * Decodes JPEG, PNG, WebP, GIF, TIFF or AVIF to 8-bit RGB, the right way up (EXIF orientation applied).
 *
 * The pixels are those of Pillow's `ImageOps.exif_transpose(image).convert("RGB")`, bit for bit where the formats say what
 * they are: alpha is dropped and not blended, colour profiles are ignored, grey is repeated, CMYK is mixed without a
 * profile. Three things differ. Of 16 bits the high 8 are kept, where Pillow clips grey above 255 to white. Transparent
 * pixels of a GIF are black. The chroma of a subsampled AVIF is not smoothed.
 *
 * The work happens in a thread of libuv's pool (`UV_THREADPOOL_SIZE`, 4 by default), not in the caller's.
 *
 * @throws {ImageError} for what is no image, is damaged, cut short, animated or too large
 */
export async function decodeImage(
  bytes: Uint8Array,
  { maxPixels = 50_000_000, animated = "refuse" }: DecodeOptions = {},
): Promise<RgbImage> {
  const format = imageFormat(bytes);
  // Only the header is read: no memory for pixels yet, and the refusal can tell their number.
  const header = sharp(bytes, { ...reading, limitInputPixels: false }).metadata();
  const metadata = await orDamaged(format, header);
  refuseUnusable(metadata, format, { maxPixels, animated });
  const isCmyk = metadata.space === "cmyk";
  const image = sharp(bytes, { ...reading, limitInputPixels: maxPixels, page: metadata.pagePrimary ?? 0 });
  // Without a pipeline in CMYK, libvips would mix the inks by a profile of its own.
  const colours = isCmyk
    ? image.pipelineColourspace("cmyk").toColourspace("cmyk")
    : image.removeAlpha().toColourspace("srgb");
  const pixels = colours.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { data, info } = await orDamaged(format, pixels);
  const { width, height, channels } = info;
  return { width, height, data: isCmyk ? rgbFromCmyk(data, channels) : data };
}

function refuseUnusable(
  { width, height, pages = 1, delay, compression, depth, space }: Metadata,
  format: ImageFormat,
  { maxPixels, animated }: Required<DecodeOptions>,
): void {
  if (compression === "hevc")
    throw new ImageError("unsupported_format", {
      expected: acceptedImages,
      got: "HEIC, which is compressed with HEVC",
      advice: "save it as JPEG",
    });
  if (width * height > maxPixels)
    throw new ImageError("too_many_pixels", {
      expected: `at most ${maxPixels} pixels`,
      got: `${width} x ${height} = ${width * height}`,
      advice: "send a smaller version",
    });
  if (animated === "refuse" && pages > 1 && delay !== undefined)
    throw new ImageError("animated_image", {
      expected: "one picture",
      got: `an animated ${format} of ${pages} frames`,
      advice: "save one frame as PNG",
    });
  if (depth !== "uchar" && (depth !== "ushort" || space === "cmyk"))
    throw new ImageError("unsupported_format", {
      expected: "grey or RGB of 8 or 16 bits, or CMYK of 8",
      got: `a ${format} of ${space} in channels of type ${depth}`,
      advice: "save it as PNG",
    });
}

/** What libvips cannot read, it rejects with lines of its own; the format is known by then, so the file is damaged. */
const orDamaged = <Result>(format: ImageFormat, result: Promise<Result>): Promise<Result> =>
  result.catch((cause: unknown) => {
    throw damaged(format, cause);
  });

/** Of the lines in which libvips reports, the first that says something is the cause of the others. */
function damaged(format: ImageFormat, cause: unknown): ImageError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const lines = message
    .split("\n")
    .map((line) => line.replace("Input buffer has corrupt header:", "").trim());
  const reason = lines.find((line) => line !== "") ?? "corrupt header";
  return new ImageError("damaged_image", {
    expected: `a whole ${format}`,
    got: `one that is damaged or cut short (${reason})`,
    advice: "send the file again",
    cause,
  });
}

/** Each ink takes away its share of what black leaves: (255 - k) * (255 - ink) / 255, rounded as Pillow rounds. */
function rgbFromCmyk(inks: Uint8Array, channels: number): Uint8Array {
  const pixels = inks.length / channels;
  const data = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const light = 255 - inks[pixel * channels + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = inks[pixel * channels + channel]! * light + 128;
      data[pixel * 3 + channel] = Math.max(light - (((product >> 8) + product) >> 8), 0);
    }
  }
  return data;
}
