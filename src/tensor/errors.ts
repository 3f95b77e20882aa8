import type { Shape } from "./shape.ts";

/** What went wrong with tensors: a shape, a type, a missing or unexpected array, a run that failed. */
export class TensorError extends Error {
  override readonly name: string = "TensorError";
}

/** Shapes that do not fit an operator; carries them as data. */
export class ShapeError extends TensorError {
  override readonly name = "ShapeError";
  readonly operator: string;
  readonly shapes: readonly Shape[];

  constructor(operator: string, shapes: readonly Shape[], expected: string) {
    const got = shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ");
    super(`${operator}: ${expected}, got ${got}`);
    this.operator = operator;
    this.shapes = shapes;
  }
}
