/** Products with a stored weight in 8-bit integers. */
import type { GraphBuilder } from "../onnx/graph.ts";

interface QuantizedProductOptions {
  /** The weight is [columns, inner], and not [inner, columns]. */
  readonly transB: boolean;
  readonly scale?: number;
  readonly bias?: string;
}

/**
 * Emits x W (or x W^T) + bias in integers where the program's precision and the weight allow it: the activations get
 * 8 bits and one scale for each run, the weights have a scale for each column of the result. ONNX's own operators,
 * which ONNX Runtime joins into one where it can (DynamicQuantizeMatMul).
 * @returns the name of the product; undefined where the weight stays a float
 */
export function quantizedProduct(
  graph: GraphBuilder,
  x: string,
  weight: string,
  { transB, scale = 1, bias }: QuantizedProductOptions,
): string | undefined {
  const stored = graph.quantized(weight, transB ? 0 : 1);
  if (!stored) return undefined;
  // Turned once, when the file is opened: a table that is also looked up by row is stored once.
  const columns = transB
    ? graph.node("Transpose", [stored.values], { attributes: { perm: [1, 0] } })
    : stored.values;
  const [integers, step, zero] = graph.nodes("DynamicQuantizeLinear", [x], { outputs: 3 });
  const sums = graph.node("MatMulInteger", [integers!, columns, zero!]);
  const floats = graph.node("Cast", [sums], { attributes: { to: 1 } });
  const product = graph.node("Mul", [floats, graph.node("Mul", [step!, stored.scales])]);
  const factor = { dtype: "float32", shape: [], data: Float32Array.of(scale) } as const;
  const scaled = scale === 1 ? product : graph.node("Mul", [product, graph.constant(factor)]);
  return bias === undefined ? scaled : graph.node("Add", [scaled, bias]);
}
