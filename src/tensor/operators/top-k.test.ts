import { expect, test } from "vitest";
import { Runtime } from "../execution/runtime.ts";
import { float32, int64 } from "../ndarray.ts";
import { compile } from "../program.ts";
import { input } from "../tensor.ts";
import { topK } from "./top-k.ts";

const x = input("x", "float32", ["batch", "size"]);

test("as many as are asked for when the program runs, the largest first, ties in their order", async () => {
  const { values, indices } = topK(x, input("count", "int64", [1]));
  const runtime = await Runtime.load(compile({ values, indices }, { parameters: new Map() }).bytes);
  const rows = float32([2, 4], [3, 9, 3, 7, -1, -1, -2, -1]);
  expect(await runtime.run({ x: rows, count: int64([1], [3]) })).toEqual({
    values: float32([2, 3], [9, 7, 3, -1, -1, -1]),
    indices: int64([2, 3], [1, 3, 0, 0, 1, 3]),
  });
  expect((await runtime.run({ x: rows, count: int64([1], [1]) })).indices).toEqual(int64([2, 1], [1, 0]));
  await runtime.close();
});

test("a count of another shape is refused", () => {
  expect(() => topK(x, input("count", "int64", []))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: topK: rows, and an int64 count of shape [1], got [batch, size] and []]`,
  );
});
