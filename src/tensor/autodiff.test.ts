import { expect, test } from "vitest";
import { gradients } from "./autodiff.ts";
import { Runtime } from "./execution/runtime.ts";
import { float32 } from "./ndarray.ts";
import { add, arange, cast, mul, reshape, sum } from "./operators/index.ts";
import { compile } from "./program.ts";
import { input } from "./tensor.ts";

const x = input("x", "float32", [3]);

test("the gradient of a gradient", async () => {
  // d^2/dx^2 of sum(x^3) = 6 x
  const [first] = gradients(sum(mul(mul(x, x), x)), [x]);
  const [second] = gradients(sum(first!), [x]);
  const runtime = await Runtime.load(compile({ second: second! }, { parameters: new Map() }).bytes);
  const { second: result } = await runtime.run({ x: float32([3], [1, 2, -3]) });
  await runtime.close();
  expect(result).toEqual(float32([3], [6, 12, -18]));
});

test("a variable that the value does not depend on has no gradient", () => {
  const other = input("other", "float32", [3]);
  expect(gradients(sum(x), [other])).toEqual([undefined]);
});

test("what is computed without the variable is not differentiated", () => {
  // `arange` has no gradient; none is asked of it.
  const positions = cast(reshape(arange(3), [3]), { to: "float32" });
  expect(gradients(sum(add(x, positions)), [x])[0]!.shape).toEqual([3]);
});

test("only a scalar can be differentiated", () => {
  expect(() => gradients(x, [x])).toThrowErrorMatchingInlineSnapshot(
    `[TensorError: only a scalar has a gradient, got [3]]`,
  );
});
