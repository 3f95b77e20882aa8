import { expect, test } from "vitest";
import { isHopeless } from "./early-termination.ts";

const rules = { brackets: [2, 4], eta: 2 };
const minimise = { goal: "minimize" } as const;

test("a trial is judged at its brackets alone", () => {
  const others = [
    [1, 1, 1, 1],
    [2, 2, 2, 2],
    [3, 3, 3, 3],
  ];
  const judged = [1, 2, 3, 4, 5].map((length) => isHopeless(Array(length).fill(9), others, rules, minimise));
  expect(judged).toEqual([false, true, false, true, false]);
});

test("the best of all trials at a bracket go on, whichever way is better", () => {
  // Of four losses the third best (at 4 / eta, counting from 0) is the last that is good enough.
  const others = [
    [5, 3],
    [5, 4],
    [5, 6],
  ];
  const at = (value: number, goal: "minimize" | "maximize") =>
    isHopeless([5, value], others, rules, { goal });
  expect([2, 5, 7].map((value) => at(value, "minimize"))).toEqual([false, false, true]);
  expect([7, 3.5, 2].map((value) => at(value, "maximize"))).toEqual([false, false, true]);
  const strict = { ...rules, eta: 4 };
  expect(isHopeless([5, 5], others, strict, minimise)).toBe(true);
  expect(isHopeless([5, 3.5], others, strict, minimise)).toBe(false);
});

test("who comes first goes on, also with others that have not come as far", () => {
  expect(isHopeless([9, 9], [], rules, minimise)).toBe(false);
  expect(isHopeless([9, 9], [[1], []], rules, minimise)).toBe(false);
});

test("a metric that is no number is worse than any", () => {
  const strict = { ...rules, eta: 3 };
  expect(isHopeless([1, Number.NaN], [[1, 100]], strict, minimise)).toBe(true);
  expect(isHopeless([1, 100], [[1, Number.NaN]], strict, minimise)).toBe(false);
  expect(isHopeless([1, Number.NaN], [[1, -100]], strict, { goal: "maximize" })).toBe(true);
});
