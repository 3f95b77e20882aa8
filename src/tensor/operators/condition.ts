/** Comparisons, the choice that follows from them, and conversions between types. */
import { TensorError } from "../errors.ts";
import type { DType } from "../ndarray.ts";
import { type Operand, type Operator, operator } from "../operator.ts";
import { broadcast, broadcastOperands } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { sumTo } from "./reduce.ts";

const comparison = (name: string, type: string): Operator<2, undefined> =>
  operator<2>(type, {
    shape: ([x, y]) => broadcastOperands(name, x, y),
    dtype: () => "bool",
    gradient: () => [undefined, undefined],
  });

export const greater = comparison("greater", "Greater");
export const less = comparison("less", "Less");
export const equal = comparison("equal", "Equal");

/** condition ? x : y, element by element. */
export const where: Operator<3, undefined> = operator<3>("Where", {
  shape: ([condition, x, y]) => {
    if (condition.dtype !== "bool")
      throw new TensorError(`where: the condition must be of type bool, got ${condition.dtype}`);
    return broadcast("where", condition.shape, broadcastOperands("where", x, y));
  },
  dtype: ([, x]) => x.dtype,
  gradient: ({ inputs: [condition, x, y], upstream }) => [
    undefined,
    sumTo(where(condition, upstream, 0), x.shape),
    sumTo(where(condition, 0, upstream), y.shape),
  ],
});

/** `value` where the mask is true, x elsewhere. */
export const maskedFill = (x: Tensor, mask: Tensor, value: Operand): Tensor => where(mask, value, x);

/** TensorProto.DataType of the `to` attribute. */
const castTargets: Record<DType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

/** The same values in another type; has no gradient, since only one type is differentiable. */
export const cast = operator<1, { to: DType }>("Cast", {
  shape: ([x]) => x.shape,
  dtype: (_inputs, { to }) => to,
  onnx: ({ to }) => ({ to: castTargets[to] }),
  gradient: () => [undefined],
});
