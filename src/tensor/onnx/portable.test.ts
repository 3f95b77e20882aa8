import fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../program.ts";
import { input } from "../tensor.ts";
import { type Example, gradientLaws } from "../testing/gradient-laws.ts";
import { unknownOperators } from "../testing/portable-operators.ts";
import { GraphBuilder } from "./graph.ts";

test.each(Object.entries(gradientLaws))("%s is written in ONNX's own operators", (_name, examples) => {
  const check = ({ shapes, write }: Example) => {
    const output = write(...shapes.map((shape, i) => input(`x${i}`, "float32", shape)));
    const { bytes } = compile({ output }, { parameters: new Map(), weights: new Map() });
    expect(unknownOperators(bytes)).toEqual([]);
  };
  fc.assert(fc.property(examples, check), { numRuns: 5 });
});

test("an operator that ONNX does not know is found, and one of a domain that the file does not declare", () => {
  const graph = new GraphBuilder();
  graph.input("x", "float32", [2]);
  const y = graph.node("SimplifiedLayerNormalization", ["x", "x"]);
  graph.output("y", graph.node("Gelu", [y], { domain: "elsewhere" }), "float32", [2]);
  expect(unknownOperators(graph.finish("test"))).toEqual([":SimplifiedLayerNormalization", "elsewhere:Gelu"]);
});
