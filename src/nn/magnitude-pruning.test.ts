import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32, type NdArray } from "../tensor/index.ts";
import { pruneByMagnitude } from "./magnitude-pruning.ts";

const weights = (tensors: Record<string, NdArray<"float32">>) => new Map(Object.entries(tensors));

describe("magnitude pruning", () => {
  const two = weights({
    large: float32([2, 2], [10, -20, 30, -40]),
    small: float32([2, 2], [1, -2, 3, -4]),
    bias: float32([2], [0.1, 0.2]),
  });

  test("of each tensor by the same share", () => {
    const { weights: pruned, report } = pruneByMagnitude(two, 0.5);
    expect([...pruned.get("large")!.data]).toEqual([0, 0, 30, -40]);
    expect([...pruned.get("small")!.data]).toEqual([0, 0, 3, -4]);
    expect(report).toEqual([
      { name: "large", shape: [2, 2], zeros: 2, elements: 4 },
      { name: "small", shape: [2, 2], zeros: 2, elements: 4 },
    ]);
  });

  test("of all tensors together takes the smallest wherever they are", () => {
    const { weights: pruned, report } = pruneByMagnitude(two, 0.5, { scope: "global" });
    expect([...pruned.get("large")!.data]).toEqual([10, -20, 30, -40]);
    expect([...pruned.get("small")!.data]).toEqual([0, 0, 0, 0]);
    expect(report.map(({ zeros }) => zeros)).toEqual([0, 4]);
  });

  test("leaves vectors, the given arrays and the order of the weights as they were", () => {
    const { weights: pruned } = pruneByMagnitude(two, 0.9);
    expect(pruned.get("bias")).toBe(two.get("bias"));
    expect([...two.get("small")!.data]).toEqual([1, -2, 3, -4]);
    expect([...pruned.keys()]).toEqual([...two.keys()]);
  });

  test("takes exactly as many as asked for, and none that is larger than one it keeps", () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true }).filter((number) => number !== 0);
    const values = fc.array(fc.oneof(value, fc.constantFrom(1, -1, 2)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 0.99, noNaN: true }), (numbers, sparsity) => {
        const array = float32([1, numbers.length], numbers);
        const { weights: pruned, report } = pruneByMagnitude(new Map([["w", array]]), sparsity);
        const { data } = pruned.get("w")!;
        expect(report[0]!.zeros).toBe(Math.round(sparsity * numbers.length));
        const lost = [...array.data].filter((_, i) => data[i] === 0).map(Math.abs);
        const kept = [...data].filter((number) => number !== 0).map(Math.abs);
        expect(Math.max(0, ...lost)).toBeLessThanOrEqual(Math.min(Number.POSITIVE_INFINITY, ...kept));
      }),
    );
  });

  test.each([1, -0.1, Number.NaN])("refuses a sparsity of %d", (sparsity) => {
    expect(() => pruneByMagnitude(two, sparsity)).toThrow(
      `sparsity must be from 0 to below 1, got ${sparsity}`,
    );
  });
});
