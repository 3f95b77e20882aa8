import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { float32 } from "../ndarray.ts";
import { linear, relu } from "../operators/index.ts";
import { compile } from "../program.ts";
import { input, Parameter } from "../tensor.ts";
import { openInference } from "./inference-session.ts";

const folder = mkdtempSync(join(tmpdir(), "havn-inference-"));
afterAll(() => rmSync(folder, { recursive: true }));

const weight = new Parameter([2, 3], () => new Float32Array());
const program = compile(
  { y: relu(linear(input("x", "float32", ["batch", 3]), weight)) },
  {
    parameters: new Map([["weight", weight]]),
    weights: new Map([["weight", float32([2, 3], [1, 2, 3, -1, -1, -1])]]),
  },
);

test("a model file answers in a worker, any batch size", async () => {
  const file = join(folder, "model.onnx");
  await writeFile(file, program.bytes);
  const session = await openInference(file, { threads: 1 });
  expect(session).toMatchObject({ inputNames: ["x"], outputNames: ["y"] });
  expect((await session.run({ x: float32([1, 3], [1, 1, 1]) })).y).toEqual(float32([1, 2], [6, 0]));
  expect((await session.run({ x: float32([2, 3], [1, 0, 0, -1, 0, 0]) })).y).toEqual(
    float32([2, 2], [1, 0, 0, 1]),
  );
  await session.close();
});

test("many calls at once are answered each with its own result", async () => {
  const session = await openInference(program.bytes);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => session.run({ x: float32([1, 3], [i, 0, 0]) })),
  );
  expect(answers.map(({ y }) => y!.data[0])).toEqual(Array.from({ length: 50 }, (_, i) => i));
  await session.close();
});

test("a wrong shape is refused with what was given, and the session lives on", async () => {
  const session = await openInference(program.bytes);
  await expect(session.run({ x: float32([1, 4]) })).rejects.toThrow(
    "input x must be float32 [batch, 3], got float32 [1, 4]",
  );
  await expect(
    session.run({ x: { dtype: "float32", shape: [2, 3], data: new Float32Array(5) } }),
  ).rejects.toThrow("input x [2, 3] must have 6 elements, got 5");
  expect((await session.run({ x: float32([1, 3], [1, 1, 1]) })).y!.shape).toEqual([1, 2]);
  await session.close();
});

test("what is no model is refused", async () => {
  const file = join(folder, "broken.onnx");
  await writeFile(file, "not a model");
  await expect(openInference(file)).rejects.toThrow(`${file} is not a model that ONNX Runtime can load`);
  await expect(openInference(join(folder, "nowhere.onnx"))).rejects.toThrow(
    "is not a model that ONNX Runtime can load",
  );
});

test("a closed session rejects calls", async () => {
  const session = await openInference(program.bytes);
  const underWay = session.run({ x: float32([1, 3]) });
  const closing = session.close();
  await expect(underWay).rejects.toThrow("the session is closed");
  await closing;
  await expect(session.run({ x: float32([1, 3]) })).rejects.toThrow("the session is closed");
});
