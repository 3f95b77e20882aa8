import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

test("a pace is the mean of the last hundred requests, whatever batches they ran in", () => {
  const pace = new Pace();
  expect(pace.msPerRequest).toBe(0);
  pace.measured(1, 40);
  expect(pace.msPerRequest).toBe(40);
  pace.measured(3, 40);
  expect(pace.msPerRequest).toBe(20);
  for (let i = 0; i < 40; i++) pace.measured(32, 64);
  expect(pace.msPerRequest).toBeCloseTo(2, 4);
  pace.measured(500, 500);
  expect(pace.msPerRequest).toBe(1);
});
