import { expect, it } from "vitest";
import * as z from "zod/mini";
import { double, entries, int64, list } from "./wire.ts";

it("reads int64 as number or digits", () => {
  expect(z.parse(int64, 12)).toBe(12);
  expect(z.parse(int64, "1700000000000")).toBe(1_700_000_000_000);
  expect(z.safeParse(int64, "soon").success).toBe(false);
});

it("reads doubles that JSON cannot write", () => {
  expect(z.parse(double, "NaN")).toBeNaN();
  expect(z.parse(double, "-Infinity")).toBe(Number.NEGATIVE_INFINITY);
  expect(z.parse(double, 0.5)).toBe(0.5);
});

it("reads pairs as a record, and a missing list as an empty one", () => {
  expect(z.parse(entries, [{ key: "a", value: "1" }, { key: "empty" }])).toEqual({ a: "1", empty: "" });
  expect(z.parse(entries, undefined)).toEqual({});
  expect(z.parse(list(z.string()), undefined)).toEqual([]);
});
