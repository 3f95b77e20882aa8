/** Arithmetic and functions that work element by element, with NumPy's broadcasting where there are two inputs. */
import { TensorError } from "../errors.ts";
import { type Operand, type Operator, type OperatorDefinition, operator } from "../operator.ts";
import { broadcastOperands } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { cast, equal, greater, where } from "./condition.ts";
import { sumTo } from "./reduce.ts";

type Slopes = (x: Tensor, y: Tensor, output: Tensor) => readonly [Tensor | number, Tensor | number];

/** A broadcasting operator; `slopes` gives d output / d x and d output / d y. */
function binary(name: string, type: string, slopes: Slopes): Operator<2, undefined> {
  return operator<2>(type, {
    shape: ([x, y]) => broadcastOperands(name, x, y),
    gradient: ({ inputs: [x, y], output, upstream }) => {
      const [dx, dy] = slopes(x, y, output);
      return [sumTo(times(upstream, dx), x.shape), sumTo(times(upstream, dy), y.shape)];
    },
  });
}

/** upstream * slope without a node where the slope is 1 or -1. */
function times(upstream: Tensor, slope: Tensor | number): Tensor {
  if (slope === 1) return upstream;
  return slope === -1 ? neg(upstream) : mul(upstream, slope);
}

export const add = binary("add", "Add", () => [1, 1]);
export const sub = binary("sub", "Sub", () => [1, -1]);
export const mul = binary("mul", "Mul", (x, y) => [y, x]);
/** d (x/y) = dx / y - (x/y) / y dy */
export const div = binary("div", "Div", (_x, y, output) => [reciprocal(y), neg(div(output, y))]);

/** 1 where x is the larger, 1/2 where both are equal, else 0. */
const share = (x: Tensor, y: Tensor): Tensor => where(greater(x, y), 1, where(equal(x, y), 0.5, 0));

/** The larger of two; where both are equal each has half of the slope, as in PyTorch. */
export const maximum = binary("maximum", "Max", (x, y) => [share(x, y), share(y, x)]);
export const minimum = binary("minimum", "Min", (x, y) => [share(y, x), share(x, y)]);

/** An operator of one input; `slope` gives d output / d x. */
function unary(type: string, slope: (x: Tensor, output: Tensor) => Tensor | number): Operator<1, undefined> {
  return operator<1>(type, {
    shape: ([x]) => x.shape,
    gradient: ({ inputs: [x], output, upstream }) => [times(upstream, slope(x, output))],
  });
}

export const neg = unary("Neg", () => -1);
/** -1, 0 or 1; its slope is 0 everywhere. */
export const sign = operator<1>("Sign", { shape: ([x]) => x.shape, gradient: () => [undefined] });
export const abs = unary("Abs", (x) => sign(x));
/** d 1/x = -1/x^2 dx */
export const reciprocal = unary("Reciprocal", (_x, y) => neg(mul(y, y)));
export const exp = unary("Exp", (_x, y) => y);
export const log = unary("Log", (x) => reciprocal(x));
/** d sqrt(x) = 1 / (2 sqrt(x)) dx */
export const sqrt = unary("Sqrt", (_x, y) => div(0.5, y));
/** 1 / sqrt(x) */
export const rsqrt = (x: Tensor): Tensor => reciprocal(sqrt(x));
export const sin = unary("Sin", (x) => cos(x));
export const cos = unary("Cos", (x) => neg(sin(x)));
/** d tanh(x) = 1 - tanh(x)^2 dx */
export const tanh = unary("Tanh", (_x, y) => sub(1, mul(y, y)));
/** d sigmoid(x) = sigmoid(x) (1 - sigmoid(x)) dx */
export const sigmoid = unary("Sigmoid", (_x, y) => mul(y, sub(1, y)));
/** d erf(x) = 2/sqrt(pi) exp(-x^2) dx */
export const erf = unary("Erf", (x) => mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)));

/** x to the power of a number, or of a tensor that broadcasts; a tensor as exponent asks for x > 0. */
export const pow = (x: Tensor, exponent: Operand): Tensor =>
  typeof exponent === "number" ? powerOf(x, { exponent }) : powerBy(x, exponent);

/** d x^n = n x^(n-1) dx; ONNX Runtime squares and cubes without logarithms. */
const powerOf: Operator<1, { exponent: number }> = operator<1, { exponent: number }>("Pow", {
  shape: ([x]) => x.shape,
  emit: (graph, [x], { attributes }) => {
    const { exponent } = attributes as { exponent: number };
    return graph.node("Pow", [
      x!,
      graph.constant({ dtype: "float32", shape: [], data: Float32Array.of(exponent) }),
    ]);
  },
  gradient: ({ inputs: [x], upstream, attributes: { exponent } }) => [
    mul(upstream, mul(exponent === 2 ? x : powerOf(x, { exponent: exponent - 1 }), exponent)),
  ],
});

/** d x^y = y x^(y-1) dx + x^y log(x) dy */
const powerBy = binary("pow", "Pow", (x, y, output) => [mul(y, powerBy(x, sub(y, 1))), mul(output, log(x))]);

/** Values below `min` become `min`, values above `max` become `max`; the slope there is 0. */
export const clamp = operator<1, { readonly min: number; readonly max: number }>("Clip", {
  shape: ([x], { min, max }) => {
    if (!(min <= max)) throw new TensorError(`clamp: min must not exceed max, got ${min} and ${max}`);
    return x.shape;
  },
  emit: (graph, [x], { attributes }) => {
    const { min, max } = attributes as { min: number; max: number };
    const scalar = (value: number) =>
      graph.constant({ dtype: "float32", shape: [], data: Float32Array.of(value) });
    return graph.node("Clip", [x!, scalar(min), scalar(max)]);
  },
  gradient: ({ inputs: [x], output, upstream }) => [mul(upstream, cast(equal(x, output), { to: "float32" }))],
});

/**
 * Keeps each element with probability 1 - rate and scales it by 1 / (1 - rate) (Srivastava et al. 2014).
 * @param mask factors of the same shape, see `TrainingPass.mask`
 */
export const dropout = (x: Tensor, mask: Tensor): Tensor => dropoutBy(x, mask);

const dropoutBy = operator<2>("Mul", {
  shape: ([x]) => x.shape,
  gradient: ({ inputs: [, mask], upstream }) => [mul(upstream, mask), undefined],
} satisfies OperatorDefinition<2, undefined>);
