import { describe, expect, it } from "vitest";
import { formatNumber, formatShare } from "./number.ts";

describe("formatNumber", () => {
  it.each([
    [0.761234, "0.7612"],
    [0.5, "0.5"],
    [12.34567, "12.35"],
    [8530, "8,530"],
    [123456, "123,456"],
    [1234.56, "1,235"],
    [0, "0"],
    [2e-5, "2e-5"],
    [0.00012345, "1.234e-4"],
    [-0.25, "-0.25"],
    [1.23456e12, "1.235e+12"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("writes %d as %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

it("writes shares as percentages", () => {
  expect(formatShare(0.973149)).toBe("97.31 %");
  expect(formatShare(1)).toBe("100.00 %");
  expect(formatShare(Number.NaN)).toBe("NaN");
});
