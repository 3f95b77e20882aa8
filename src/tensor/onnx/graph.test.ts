import { expect, test } from "vitest";
import { Runtime } from "../execution/runtime.ts";
import { float32, type NdArrays } from "../ndarray.ts";
import { add, concat, layerNorm, mul, reshape, sum } from "../operators/index.ts";
import { compile } from "../program.ts";
import { type Dimension, product } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";
import { decodeMessage, integersIn, messagesIn, textsIn } from "../testing/decode-protobuf.ts";

const program = (outputs: Record<string, Tensor>) => compile(outputs, { parameters: new Map() });

/** Field numbers of onnx.proto: ModelProto.graph 7; GraphProto.node 1, .initializer 5, .input 11, .output 12. */
const graphOf = (bytes: Uint8Array) => messagesIn(decodeMessage(bytes), 7)[0]!;
const nodeTypes = (bytes: Uint8Array) => messagesIn(graphOf(bytes), 1).map((node) => textsIn(node, 4)[0]);

/** ValueInfoProto.type 2 / TypeProto.tensor_type 1 / .shape 2 / .dim 1, which is a value 1 or a parameter 2. */
function valueInfos(bytes: Uint8Array, field: number): Record<string, Dimension[]> {
  const infos = messagesIn(graphOf(bytes), field).map((info) => {
    const shape = messagesIn(messagesIn(messagesIn(info, 2)[0]!, 1)[0]!, 2)[0]!;
    const dims = messagesIn(shape, 1).map((dim) => textsIn(dim, 2)[0] ?? integersIn(dim, 1)[0]!);
    return [textsIn(info, 1)[0]!, dims] as const;
  });
  return Object.fromEntries(infos);
}

async function run(outputs: Record<string, Tensor>, inputs: NdArrays): Promise<NdArrays> {
  const runtime = await Runtime.load(program(outputs).bytes, { threads: 1 });
  const results = await runtime.run(inputs);
  await runtime.close();
  return results;
}

test("the file declares opset 21, and inputs and outputs with their named dimensions", () => {
  const x = input("x", "float32", ["batch", "sequence", 4]);
  const y = input("y", "float32", [4]);
  const { bytes } = program({ sum: add(x, y), flat: reshape(x, ["4*batch*sequence"]) });
  expect(
    messagesIn(decodeMessage(bytes), 8).map((opset) => [textsIn(opset, 1)[0], integersIn(opset, 2)[0]]),
  ).toEqual([
    ["", 21],
    ["com.microsoft", 1],
  ]);
  expect(valueInfos(bytes, 11)).toEqual({ x: ["batch", "sequence", 4], y: [4] });
  expect(valueInfos(bytes, 12)).toEqual({ sum: ["batch", "sequence", 4], flat: ["4*batch*sequence"] });
});

test("a value that is used twice is computed once, equal constants are stored once", () => {
  const x = input("x", "float32", ["batch"]);
  const doubled = mul(x, 2);
  const { bytes } = program({ y: add(add(doubled, doubled), mul(x, 2)) });
  expect(nodeTypes(bytes)).toEqual(["Mul", "Add", "Mul", "Add"]);
  expect(messagesIn(graphOf(bytes), 5)).toHaveLength(1);
});

test("a result has its name from the start; only what is given, or has a name already, is copied", async () => {
  const x = input("x", "float32", ["batch"]);
  const doubled = mul(x, 2);
  const outputs = { again: add(doubled, x), doubled, same: doubled, given: x };
  expect(nodeTypes(program(outputs).bytes)).toEqual(["Mul", "Add", "Identity", "Identity"]);
  const results = await run(outputs, { x: float32([2], [1, 2]) });
  const values = Object.entries(results).map(([name, { data }]) => [name, [...data]]);
  expect(Object.fromEntries(values)).toEqual({ again: [3, 6], doubled: [2, 4], same: [2, 4], given: [1, 2] });
});

test("statistics that nothing uses are not computed", () => {
  const x = input("x", "float32", ["batch", 4]);
  const w = input("w", "float32", [4]);
  const { bytes } = program({ y: layerNorm(x, w, w) });
  expect(textsIn(messagesIn(graphOf(bytes), 1)[0]!, 2)).toHaveLength(1);
});

test("a reshape to two dimensions that are known only at run time", async () => {
  const x = input("x", "float32", ["batch*sequence", 2]);
  const like = input("like", "float32", ["batch", "sequence"]);
  const data = Float32Array.from({ length: 12 }, (_, i) => i);
  const y = reshape(x, ["batch", "sequence", 2]);
  const { y: result } = await run(
    { y, total: sum(like) },
    { x: float32([6, 2], data), like: float32([2, 3], new Array(6).fill(1)) },
  );
  expect(result).toEqual({ dtype: "float32", shape: [2, 3, 2], data });
});

test("dimensions that are sums of others", async () => {
  const past = input("past", "float32", ["past", 2]);
  const next = input("next", "float32", [1, 2]);
  const joined = concat([past, next], 0);
  expect(joined.shape).toEqual(["(1+past)", 2]);
  const row = reshape(joined, [1, product(joined.shape)]);
  const { row: result } = await run(
    { row },
    { past: float32([2, 2], [1, 2, 3, 4]), next: float32([1, 2], [5, 6]) },
  );
  expect(result).toEqual({ dtype: "float32", shape: [1, 6], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
});

test("a dimension that no input has is refused by name", () => {
  const x = input("x", "float32", ["rows*columns"]);
  expect(() => program({ y: reshape(x, ["rows", "columns"]) })).toThrowErrorMatchingInlineSnapshot(
    `[TensorError: dimension "rows" is in no input of the program, so its size is unknown at run time]`,
  );
});
