/** Products of matrices, by far the most expensive operators. */
import { ShapeError } from "../errors.ts";
import { type Operator, operator } from "../operator.ts";
import { broadcast, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { quantizedProduct } from "./quantized-product.ts";
import { sum, sumTo } from "./reduce.ts";
import { flattenRows, reshape, squeeze, unsqueeze } from "./shape.ts";

interface Transposition {
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** The product is multiplied by this number at no cost. */
  readonly scale?: number;
}

const swapLast = (shape: Shape, swap = false): Shape =>
  swap ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;

/** A B with either side transposed on its last two axes; ONNX Runtime's operator that never moves the operands. */
const fusedMatmul: Operator<2, Transposition> = operator<2, Transposition>("FusedMatMul", {
  shape: ([a, b], { transA, transB }) => {
    if (a.rank < 2 || b.rank < 2) throw new ShapeError("matmul", [a.shape, b.shape], "both must be matrices");
    const left = swapLast(a.shape, transA);
    const right = swapLast(b.shape, transB);
    if (left.at(-1) !== right.at(-2))
      throw new ShapeError("matmul", [left, right], "columns of the first must equal rows of the second");
    return [...broadcast("matmul", left.slice(0, -2), right.slice(0, -2)), left.at(-2)!, right.at(-1)!];
  },
  emit: (graph, [a, b], { attributes }) => {
    const { transA = false, transB = false, scale = 1 } = attributes as Transposition;
    const quantized = !transA && quantizedProduct(graph, a!, b!, { transB, scale });
    if (quantized) return quantized;
    return graph.node("FusedMatMul", [a!, b!], {
      domain: "com.microsoft",
      attributes: { transA: Number(transA), transB: Number(transB), alpha: { float: scale } },
    });
  },
  // C = A B: dA = dC B^T, dB = A^T dC; a transposed operand gets the transposed product.
  gradient: ({ inputs: [a, b], upstream, attributes: { transA = false, transB = false, scale = 1 } }) => [
    sumTo(
      transA
        ? fusedMatmul(b, upstream, { transA: transB, transB: true, scale })
        : fusedMatmul(upstream, b, { transB: !transB, scale }),
      a.shape,
    ),
    sumTo(
      transB
        ? fusedMatmul(upstream, a, { transA: true, transB: transA, scale })
        : fusedMatmul(a, upstream, { transA: !transA, scale }),
      b.shape,
    ),
  ],
});

/**
 * Product of matrices, batched over leading dimensions that broadcast. A vector as first operand is a row, as second
 * a column, and its axis is missing from the result.
 * @param a [..., rows, inner], or [..., inner, rows] with `transA`
 * @param b [..., inner, columns], or [..., columns, inner] with `transB`
 * @returns [..., rows, columns], times `scale`
 * @throws {ShapeError} when the inner dimensions differ
 */
export function matmul(a: Tensor, b: Tensor, options: Transposition = {}): Tensor {
  if (a.rank === 1)
    return squeeze(matmul(unsqueeze(a, 0), b, { ...options, transA: false }), b.rank === 1 ? -1 : -2);
  if (b.rank === 1) return squeeze(matmul(a, unsqueeze(b, 1), { ...options, transB: false }), -1);
  // One large product instead of a batch of small ones, whose gradient by b would have to be summed.
  if (a.rank > 2 && b.rank === 2 && !options.transA) {
    const rows = fusedMatmul(flattenRows(a), b, options);
    return reshape(rows, [...a.shape.slice(0, -1), rows.dim(1)]);
  }
  return fusedMatmul(a, b, options);
}

/** y = x W^T + b on rows; `Gemm` adds the bias without a pass over the result of its own. */
const gemm = operator<3>("Gemm", {
  shape: ([x, weight, bias]) => {
    if (x.dim(-1) !== weight.dim(-1) || bias.dim(-1) !== weight.dim(0))
      throw new ShapeError("linear", [x.shape, weight.shape], "x [..., in] must meet weight [out, in]");
    return [x.dim(0), weight.dim(0)];
  },
  emit: (graph, [x, weight, bias]) =>
    quantizedProduct(graph, x!, weight!, { transB: true, bias: bias! }) ??
    graph.node("Gemm", [x!, weight!, bias!], { attributes: { transB: 1 } }),
  gradient: ({ inputs: [x, weight], upstream }) => [
    matmul(upstream, weight),
    matmul(upstream, x, { transA: true }),
    sum(upstream, { axes: [0] }),
  ],
});

/**
 * Affine map y = x W^T + b.
 * @param x      [..., in]
 * @param weight [out, in], as PyTorch keeps it
 * @param bias   [out]
 * @returns      [..., out]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const rows = flattenRows(x);
  const y = bias ? gemm(rows, weight, bias) : matmul(rows, weight, { transB: true });
  return reshape(y, [...x.shape.slice(0, -1), weight.dim(0)]);
}
