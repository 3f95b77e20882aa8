import { expect, test } from "vitest";
import { colorPlanes } from "./color-planes.ts";

test("the channels stand one after the other, each row by row", () => {
  const data = Uint8Array.of(1, 10, 100, 2, 20, 200);
  expect(colorPlanes({ width: 2, height: 1, data })).toEqual({
    dtype: "uint8",
    shape: [3, 1, 2],
    data: Uint8Array.of(1, 2, 10, 20, 100, 200),
  });
});
