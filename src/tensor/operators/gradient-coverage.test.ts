import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Operation, OperatorDefinition } from "../operator.ts";
import { input, type Tensor } from "../tensor.ts";
import { gradientLaws, withoutGradient } from "../testing/gradient-laws.ts";
import * as operators from "./index.ts";

type Definition = Operation["definition"];

/** Everything that was defined with `operator` or `variadicOperator`, exported or not, by its ONNX name. */
const defined = vi.hoisted(() => [] as { type: string; definition: unknown }[]);

vi.mock("../operator.ts", async (original) => {
  const module = await original<typeof import("../operator.ts")>();
  const recorded =
    (define: typeof module.operator) => (type: string, definition: OperatorDefinition<1, unknown>) => {
      defined.push({ type, definition });
      return define(type, definition);
    };
  return {
    ...module,
    operator: recorded(module.operator),
    variadicOperator: recorded(module.variadicOperator as unknown as typeof module.operator),
  };
});

/** The definitions behind a value. */
function definitionsIn(value: Tensor, found: Set<Definition>, seen = new Set<Tensor>()): void {
  if (seen.has(value) || value.source.kind !== "operation") return;
  seen.add(value);
  found.add(value.source.operation.definition);
  for (const operand of value.source.operation.inputs) definitionsIn(operand, found, seen);
}

test("every operator has a law for its gradient, or is known to have none", () => {
  const known = [...Object.keys(gradientLaws), ...withoutGradient].sort();
  expect(known).toEqual(Object.keys(operators).sort());
});

test("the laws reach every gradient that is defined, exported or not", () => {
  const reached = new Set<Definition>();
  for (const examples of Object.values(gradientLaws))
    for (const { shapes, write } of fc.sample(examples, { numRuns: 100, seed: 1 }))
      definitionsIn(write(...shapes.map((shape, i) => input(`x${i}`, "float32", shape))), reached);
  const unreached = defined.filter(({ definition }) => {
    const { gradient } = definition as Definition;
    // One that takes no argument gives no derivative.
    return gradient && gradient.length > 0 && !reached.has(definition as Definition);
  });
  expect(defined.length).toBeGreaterThan(70);
  expect(unreached.map(({ type }) => type)).toEqual([]);
});
