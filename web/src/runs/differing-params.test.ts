import { expect, it } from "vitest";
import { differingParams } from "./differing-params.ts";

it("finds what was set differently, or set in some runs only", () => {
  const runs = [
    { params: { seed: "1", "optimizer.lr": "2e-5", epochs: "3" } },
    { params: { seed: "2", "optimizer.lr": "2e-5", epochs: "3", preset: "small" } },
  ];
  expect(differingParams(runs)).toEqual(["preset", "seed"]);
  expect(differingParams(runs.slice(0, 1))).toEqual([]);
});
