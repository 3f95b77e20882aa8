import { expect, test } from "vitest";
import { imageFormat } from "./image-format.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ["JPEG", "\xff\xd8\xff\xe0"],
  ["PNG", "\x89PNG\r\n\x1a\n...."],
  ["GIF", "GIF89a...."],
  ["WebP", "RIFF\x10\0\0\0WEBPVP8 "],
  ["TIFF", "II*\0\x08\0\0\0"],
  ["TIFF", "MM\0*\0\0\0\x08"],
  ["AVIF", "\0\0\0\x1cftypavif"],
  ["HEIF", "\0\0\0\x1cftypmif1"],
])("%s is known by how it begins", (format, begin) => {
  expect(imageFormat(bytesOf(begin))).toBe(format);
});

test.each([
  ["\xef\xbb\xbf  <?xml version='1.0'?><svg/>", "SVG, which is markup and has no pixels"],
  ["\xff\xfe<\0s\0v\0g\0/\0>\0", "SVG, which is markup and has no pixels"],
  ["<!-- drawn by hand --><svg/>", "SVG, which is markup and has no pixels"],
  ["<!DOCTYPE html><html>", "HTML"],
  ["%PDF-1.7", "PDF"],
  ["BM\x10\0\0\0\0\0\0\0\x36", "BMP"],
  ["PK\x03\x04", "a ZIP archive"],
  ['{"image": "card"}', 'text that begins "{\\"image\\": \\"card\\"}"'],
  ["\0\x01\x02\xff", "4 bytes that begin 00 01 02 ff"],
  ["RIFF\x10\0\0\0WAVE", "12 bytes that begin 52 49 46 46 10 00 00 00"],
  ["\xff\xd8", "2 bytes that begin ff d8"],
])("%j is not taken for an image, and named", (begin, got) => {
  expect(() => imageFormat(bytesOf(begin))).toThrow(
    expect.objectContaining({ code: "unsupported_format", got }),
  );
});
