import { expect, test } from "vitest";
import { Runtime } from "../execution/runtime.ts";
import { float32 } from "../ndarray.ts";
import { compile } from "../program.ts";
import { input } from "../tensor.ts";
import { dropFirst } from "./drop-first.ts";

test("the first element of an axis is left out, whatever its size is called", async () => {
  const x = input("x", "float32", ["batch", "(1+past)"]);
  expect(dropFirst(x, 1).shape).toEqual(["batch", "past"]);
  expect(dropFirst(input("y", "float32", [3, "(2+past)"]), -1).shape).toEqual([3, "(1+past)"]);
  expect(dropFirst(input("z", "float32", [3, 2]), 0).shape).toEqual([2, 2]);
  const runtime = await Runtime.load(compile({ rest: dropFirst(x, 1) }, { parameters: new Map() }).bytes);
  const run = async (columns: number, values: number[]) =>
    (await runtime.run({ x: float32([2, columns], values) })).rest;
  expect(await run(3, [1, 2, 3, 4, 5, 6])).toEqual(float32([2, 2], [2, 3, 5, 6]));
  expect(await run(1, [1, 2])).toEqual(float32([2, 0]));
  await runtime.close();
});

test("an axis that may be empty is refused", () => {
  expect(() => dropFirst(input("x", "float32", ["batch"]), 0)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: dropFirst: axis 0 must be known to have an element, got [batch]]`,
  );
});
