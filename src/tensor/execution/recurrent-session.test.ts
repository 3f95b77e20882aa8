import { afterAll, beforeAll, expect, test } from "vitest";
import { float32 } from "../ndarray.ts";
import { concat, mul } from "../operators/index.ts";
import { compile } from "../program.ts";
import { input } from "../tensor.ts";
import { openRecurrent, type RecurrentSession } from "./recurrent-session.ts";

// seen' = seen followed by scale x; put out twice, so that what is carried on can be compared.
const seen = input("seen", "float32", ["batch", "length"]);
const scaled = mul(input("x", "float32", ["batch", 1]), input("scale", "float32", ["batch", 1]));
const next = concat([seen, scaled], 1);
const program = compile({ next, copy: mul(next, 1) }, { parameters: new Map() });

let session: RecurrentSession;
beforeAll(async () => {
  session = await openRecurrent(program.bytes, { threads: 1 });
});
afterAll(() => session.close());

const begin = (scale = 1) =>
  session.begin({ seen: float32([2, 0]), scale: float32([2, 1], [scale, scale]) }, { next: "seen" });
const values = (first: number, second: number) => ({ x: float32([2, 1], [first, second]) });

test("a run goes on from what the last one put out", async () => {
  const run = await begin();
  expect(await run.run(values(1, 2))).toEqual({ copy: float32([2, 1], [1, 2]) });
  expect(await run.run(values(3, 4))).toEqual({ copy: float32([2, 2], [1, 3, 2, 4]) });
});

test("inputs that are not carried stay as they were given", async () => {
  const run = await begin(10);
  await run.run(values(1, 2));
  expect((await run.run(values(3, 4))).copy).toEqual(float32([2, 2], [10, 30, 20, 40]));
});

test("sequences under way at once do not mix", async () => {
  const [first, second] = [await begin(), await begin()];
  await Promise.all([first.run(values(1, 2)), second.run(values(5, 6))]);
  const [one, two] = await Promise.all([first.run(values(3, 4)), second.run(values(7, 8))]);
  expect(one.copy).toEqual(float32([2, 2], [1, 3, 2, 4]));
  expect(two.copy).toEqual(float32([2, 2], [5, 7, 6, 8]));
});

test("rows of the batch can leave, and change places", async () => {
  const run = await begin();
  await run.run(values(1, 2));
  await run.select([1, 0]);
  expect((await run.run(values(3, 4))).copy).toEqual(float32([2, 2], [2, 3, 1, 4]));
  await run.select([1]);
  expect((await run.run({ x: float32([1, 1], [9]) })).copy).toEqual(float32([1, 3], [1, 4, 9]));
});

test("what fails leaves the state as it was; what has ended is refused", async () => {
  const run = await begin();
  await run.run(values(1, 2));
  await expect(run.run({ x: float32([3, 1]) })).rejects.toThrow("the program failed");
  await expect(run.run({})).rejects.toThrow("input x is missing");
  expect((await run.run(values(3, 4))).copy).toEqual(float32([2, 2], [1, 3, 2, 4]));
  await run.end();
  await expect(run.run(values(5, 6))).rejects.toThrow("the sequence of runs has ended");
});

test("what is no model is refused", async () => {
  await expect(openRecurrent(new Uint8Array(4))).rejects.toThrow("is not a model that ONNX Runtime can load");
});
