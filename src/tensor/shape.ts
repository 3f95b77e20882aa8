/** Shapes whose dimensions are numbers or names, and the arithmetic on them. */
import { ShapeError, TensorError } from "./errors.ts";
import type { DType } from "./ndarray.ts";

/**
 * A number, or a name that gets its number when a program runs ("batch"). Products and sums of dimensions are names
 * as well, their parts in order: "batch*sequence", "12*batch", "(1+past)".
 */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis]);

/** Product of dimensions in its one canonical form, so that equal products are equal strings. */
export function product(dims: Shape): Dimension {
  let factor = 1;
  const names: string[] = [];
  for (const dim of dims) {
    if (typeof dim === "number") factor *= dim;
    else
      for (const part of dim.split("*")) {
        const number = Number(part);
        if (Number.isNaN(number)) names.push(part);
        else factor *= number;
      }
  }
  if (names.length === 0 || factor === 0) return factor;
  return [...(factor === 1 ? [] : [String(factor)]), ...names.sort()].join("*");
}

/**
 * Sum of dimensions in its one canonical form.
 * @throws {ShapeError} for products: nothing needs their sums
 */
export function total(operator: string, dims: Shape): Dimension {
  let number = 0;
  const names: string[] = [];
  for (const dim of dims) {
    if (typeof dim === "number") number += dim;
    else if (dim.includes("*")) throw new ShapeError(operator, [dims], "only plain dimensions can be added");
    else
      for (const part of termsOf(dim)) {
        if (Number.isNaN(Number(part))) names.push(part);
        else number += Number(part);
      }
  }
  if (names.length === 0) return number;
  const terms = [...(number === 0 ? [] : [String(number)]), ...names.sort()];
  return terms.length === 1 ? terms[0]! : `(${terms.join("+")})`;
}

/** The parts of a sum: "(1+past)" -> "1", "past"; any other dimension is its own only part. */
export const termsOf = (dim: string): string[] => (dim.startsWith("(") ? dim.slice(1, -1).split("+") : [dim]);

/** NumPy's broadcasting rule; a named dimension fits itself and 1. */
export function broadcast(operator: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new ShapeError(operator, [a, b], "shapes must be equal or 1 in every dimension from the last");
    return left === 1 ? right : left;
  });
}

/** Broadcasting of an operator's two inputs, which must have one type. */
export function broadcastOperands(
  operator: string,
  a: { readonly dtype: DType; readonly shape: Shape },
  b: { readonly dtype: DType; readonly shape: Shape },
): Shape {
  if (a.dtype !== b.dtype)
    throw new TensorError(`${operator}: both inputs must have the same type, got ${a.dtype} and ${b.dtype}`);
  return broadcast(operator, a.shape, b.shape);
}

/** Axes along which `from` was repeated to become `to`, as axes of `to`. */
export function broadcastAxes(from: Shape, to: Shape): number[] {
  const added = to.length - from.length;
  return to.flatMap((dim, axis) => (axis < added || (from[axis - added] === 1 && dim !== 1) ? [axis] : []));
}

/** Turns -1 into the last axis, and checks the range. */
export function normalizeAxis(operator: string, axis: number, shape: Shape): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= Math.max(1, shape.length))
    throw new ShapeError(
      operator,
      [shape],
      `axis ${axis} must be within ${-shape.length} to ${shape.length - 1}`,
    );
  return positive;
}
