import { expect, test } from "vitest";
import { float32 } from "../ndarray.ts";
import { sum } from "../operators/index.ts";
import { compile } from "../program.ts";
import { input } from "../tensor.ts";
import { openInference } from "./inference-session.ts";
import { openLocalInference } from "./local-inference.ts";

test("a model in the calling thread answers as one in a thread of its own, and refuses as it does", async () => {
  const values = input("values", "float32", ["batch", 3]);
  const { bytes } = compile({ sums: sum(values, { axes: [1] }) }, { parameters: new Map() });
  const here = await openLocalInference(bytes, { threads: 1 });
  const elsewhere = await openInference(bytes, { threads: 1 });
  expect([here.inputNames, here.outputNames]).toEqual([elsewhere.inputNames, elsewhere.outputNames]);
  const rows = { values: float32([2, 3], [1, 2, 3, 4, 5, 6]) };
  expect(await here.run(rows)).toEqual({ sums: float32([2], [6, 15]) });
  expect(await here.run(rows)).toEqual(await elsewhere.run(rows));
  await expect(here.run({})).rejects.toThrow("input values is missing");
  await expect(openLocalInference(new Uint8Array([1, 2, 3]))).rejects.toThrow("not a model");
  await here.close();
  await elsewhere.close();
});
