import { expect, it } from "vitest";
import { formatSize } from "./size.ts";

it.each([
  [0, "0 B"],
  [812, "812 B"],
  [4562, "4.56 kB"],
  [999_600, "1 MB"],
  [267_953_000, "268 MB"],
  [1.5e15, "1500 TB"],
])("writes %d bytes as %s", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});
