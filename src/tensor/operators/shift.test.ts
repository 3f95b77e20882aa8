import { expect, test } from "vitest";
import { Runtime } from "../execution/runtime.ts";
import { int64 } from "../ndarray.ts";
import { compile } from "../program.ts";
import { input } from "../tensor.ts";
import { shiftRight } from "./shift.ts";

const x = input("x", "int64", ["batch", "length"]);

test("every element moves one place on: the first comes in, the last falls out", async () => {
  const outputs = { along: shiftRight(x, { first: 7 }), across: shiftRight(x, { axis: 0 }) };
  const runtime = await Runtime.load(compile(outputs, { parameters: new Map() }).bytes);
  expect(await runtime.run({ x: int64([2, 3], [1, 2, 3, 4, 5, 6]) })).toEqual({
    along: int64([2, 3], [7, 1, 2, 7, 4, 5]),
    across: int64([2, 3], [0, 0, 0, 1, 2, 3]),
  });
  expect((await runtime.run({ x: int64([1, 1], [9]) })).along).toEqual(int64([1, 1], [7]));
  await runtime.close();
});

test("an axis that is not there is refused", () => {
  expect(() => shiftRight(x, { axis: 2 })).toThrow("axis 2 must be within -2 to 1");
});
