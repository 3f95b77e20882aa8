import { ImageError } from "./image-error.ts";

/** Formats that are decoded. */
export type ImageFormat = "JPEG" | "PNG" | "GIF" | "WebP" | "TIFF" | "AVIF" | "HEIF";

/** What a sender is told to send. */
export const acceptedImages = "an image as JPEG, PNG, WebP, GIF, TIFF or AVIF";

/** The first bytes as text, one character a byte. */
const headOf = (bytes: Uint8Array, length: number): string =>
  String.fromCharCode(...bytes.subarray(0, length));

/** How the bytes of each format begin; a dot is any byte. */
const signatures: readonly (readonly [format: ImageFormat, begin: string])[] = [
  ["JPEG", "\xff\xd8\xff"],
  ["PNG", "\x89PNG\r\n\x1a\n"],
  ["GIF", "GIF8.a"],
  ["WebP", "RIFF....WEBP"],
  ["TIFF", "II*\0"],
  ["TIFF", "MM\0*"],
  ["TIFF", "II+\0"], // BigTIFF
  ["TIFF", "MM\0+"],
  ["AVIF", "....ftypavi"],
  ["HEIF", "....ftyphe"],
  ["HEIF", "....ftypmif1"],
  ["HEIF", "....ftypmsf1"],
];

/** What people send instead, and what to do about it. */
const strangers: readonly (readonly [name: string, begin: string, advice: string])[] = [
  ["BMP", "BM....\0\0\0\0", "save it as PNG"],
  ["PDF", "%PDF-", "export the page as PNG"],
  ["a ZIP archive", "PK\x03\x04", "send one image out of it"],
  ["a gzip archive", "\x1f\x8b", "send one image out of it"],
];

const begins = (head: string, begin: string): boolean =>
  [...begin].every((byte, i) => i < head.length && (byte === "." || byte === head[i]));

/**
 * The format of an image by its first bytes; names and content types of uploads are not to be trusted. What is none of
 * ours never reaches a decoder, so that the scripts and links of an SVG are not even parsed.
 *
 * @throws {ImageError} `empty_image` or `unsupported_format`, which says what the bytes seem to be
 */
export function imageFormat(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) throw new ImageError("empty_image", { expected: acceptedImages, got: "no bytes" });
  const head = headOf(bytes, 200);
  const known = signatures.find(([, begin]) => begins(head, begin));
  if (known !== undefined) return known[0];
  throw new ImageError("unsupported_format", { expected: acceptedImages, ...describeStranger(bytes, head) });
}

function describeStranger(bytes: Uint8Array, head: string): { got: string; advice?: string } {
  const stranger = strangers.find(([, begin]) => begins(head, begin));
  if (stranger !== undefined) return { got: stranger[0], advice: stranger[2] };
  // Without zero bytes, UTF-16 reads like UTF-8, apart from a byte order mark.
  const text = head
    .replaceAll("\0", "")
    .replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "")
    .trimStart();
  if (/^<(\?xml|!--|!doctype svg|svg)/i.test(text))
    return { got: "SVG, which is markup and has no pixels", advice: "export it as PNG" };
  if (/^<(!doctype html|html|head|body)/i.test(text))
    return { got: "HTML", advice: "send the image that the page shows" };
  if (/^[\t\n\r\x20-\x7e]+$/.test(text))
    return { got: `text that begins ${JSON.stringify(text.slice(0, 24))}` };
  const hex = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
  return { got: `${bytes.length} bytes that begin ${hex.join(" ")}` };
}
