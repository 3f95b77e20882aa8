import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broadcast, broadcastAxes, type Dimension, normalizeAxis, product, termsOf, total } from "./shape.ts";

const dim: fc.Arbitrary<Dimension> = fc.oneof(
  fc.integer({ min: 1, max: 5 }),
  fc.constantFrom("batch", "sequence"),
);
const dims = fc.array(dim, { maxLength: 4 });

describe("products of dimensions", () => {
  test("have one form, whatever the order and the grouping", () => {
    fc.assert(
      fc.property(dims, dims, (a, b) => {
        expect(product([...a, ...b])).toBe(product([...b, ...a]));
        expect(product([product(a), product(b)])).toBe(product([...a, ...b]));
      }),
    );
  });

  test.each<[Dimension[], Dimension]>([
    [[], 1],
    [[2, 3], 6],
    [["sequence", 2, "batch", 3], "6*batch*sequence"],
    [[1, "batch"], "batch"],
    [["(1+past)", 2], "2*(1+past)"],
    [[0, "batch"], 0],
  ])("of %j is %j", (factors, expected) => expect(product(factors)).toBe(expected));
});

describe("sums of dimensions", () => {
  test("have one form, whatever the order and the grouping", () => {
    fc.assert(
      fc.property(dims, dims, (a, b) => {
        expect(total("concat", [...a, ...b])).toBe(total("concat", [...b, ...a]));
        expect(total("concat", [total("concat", a), total("concat", b)])).toBe(total("concat", [...a, ...b]));
      }),
    );
  });

  test("are names with their terms", () => {
    expect(total("concat", ["past", 1, 2])).toBe("(3+past)");
    expect(termsOf("(3+past)")).toEqual(["3", "past"]);
    expect(total("concat", ["past"])).toBe("past");
  });

  test("of products are refused", () => {
    expect(() => total("concat", ["2*batch", 1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: concat: only plain dimensions can be added, got [2*batch, 1]]`,
    );
  });
});

describe("broadcasting", () => {
  test.each<[Dimension[], Dimension[], Dimension[]]>([
    [[3, 4], [4], [3, 4]],
    [["batch", 1], [5], ["batch", 5]],
    [
      ["batch", 1, 4],
      ["sequence", 1],
      ["batch", "sequence", 4],
    ],
    [[], ["batch"], ["batch"]],
  ])("of %j and %j is %j", (a, b, expected) => {
    expect(broadcast("add", a, b)).toEqual(expected);
    expect(broadcast("add", b, a)).toEqual(expected);
  });

  test("finds the axes that were repeated", () => {
    expect(broadcastAxes([1, 4], ["batch", 3, 4])).toEqual([0, 1]);
    expect(broadcastAxes([3, 4], [3, 4])).toEqual([]);
  });

  test("a name is not a number", () => {
    expect(() => broadcast("add", ["batch", 4], [3, 4])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: add: shapes must be equal or 1 in every dimension from the last, got [batch, 4] and [3, 4]]`,
    );
  });
});

test("axes count from either end", () => {
  expect(normalizeAxis("sum", -1, [2, 3])).toBe(1);
  expect(normalizeAxis("sum", 0, [2, 3])).toBe(0);
  expect(() => normalizeAxis("sum", 2, [2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sum: axis 2 must be within -2 to 1, got [2, 3]]`,
  );
  expect(() => normalizeAxis("sum", 0.5, [2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sum: axis 0.5 must be within -2 to 1, got [2, 3]]`,
  );
});
