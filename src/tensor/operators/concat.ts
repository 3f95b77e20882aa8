/** Operators that join tensors. */
import { ShapeError } from "../errors.ts";
import { variadicOperator } from "../operator.ts";
import { normalizeAxis, sameShape, total } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { unsqueeze } from "./shape.ts";
import { slice } from "./slice.ts";

const concatAxis = variadicOperator<{ axis: number }>("Concat", {
  shape: (inputs, { axis }) => {
    const sizes = inputs.map(({ shape }) => shape[axis]!);
    return inputs[0]!.shape.with(axis, total("concat", sizes));
  },
  onnx: ({ axis }) => ({ axis }),
  gradient: ({ inputs, upstream, attributes: { axis } }) => {
    let end = 0;
    return inputs.map(({ shape }) => {
      const size = shape[axis]!;
      if (typeof size === "string")
        throw new ShapeError(
          "concat",
          inputs.map(({ shape }) => shape),
          `a gradient needs numbers on axis ${axis}`,
        );
      end += size;
      return slice(upstream, { axis, start: end - size, end });
    });
  },
});

/**
 * Joins tensors along an axis; all other dimensions must be equal. Named dimensions on the axis add up to a name:
 * "past" and 1 to "(1+past)".
 */
export function concat(inputs: readonly Tensor[], axis: number): Tensor {
  const first = inputs[0]!;
  const along = normalizeAxis("concat", axis, first.shape);
  const fits = ({ shape, rank }: Tensor) =>
    rank === first.rank && sameShape(shape.toSpliced(along, 1), first.shape.toSpliced(along, 1));
  if (!inputs.every(fits))
    throw new ShapeError(
      "concat",
      inputs.map(({ shape }) => shape),
      `all but axis ${axis} must be equal`,
    );
  return inputs.length === 1 ? first : concatAxis(inputs, { axis: along });
}

/** Joins tensors of one shape along a new axis, which is axis `axis` of the result. */
export function stack(inputs: readonly Tensor[], axis: number): Tensor {
  const shapes = inputs.map(({ shape }) => shape);
  if (!shapes.every((shape) => sameShape(shape, shapes[0]!)))
    throw new ShapeError("stack", shapes, "all shapes must be equal");
  return concat(
    inputs.map((x) => unsqueeze(x, axis)),
    axis,
  );
}
