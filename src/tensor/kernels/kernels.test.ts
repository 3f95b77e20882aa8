import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileKernels, kernelsFile } from "./build.ts";
import { KernelMemory } from "./kernels.ts";

test("kernels.wasm is what kernels.as.ts compiles to", async () => {
  const kept = await readFile(kernelsFile);
  expect(Buffer.from(await compileKernels()).equals(kept), "run npm run build:kernels").toBe(true);
});

test("the sum of squares keeps the digits that single precision would lose", () => {
  const count = 1 << 20;
  const memory = new KernelMemory(4 * count);
  memory.floats(0, count).fill(0.1);
  const expected = count * Math.fround(0.1) ** 2;
  expect(memory.kernels.sumOfSquares(0, count) / expected).toBeCloseTo(1, 10);
});

describe("dropout masks", () => {
  const draw = (count: number, rate: number, keys: readonly [number, number] = [1, 2]) => {
    const memory = new KernelMemory(4 * count);
    memory.kernels.dropoutMask(0, count, ...keys, Math.round(rate * 2 ** 32), 1 / (1 - rate));
    return memory.floats(0, count);
  };

  test("hold 0 or 1 / (1 - rate), the same for the same keys", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.constantFrom(0.1, 0.25, 0.5, 0.9), (key1, key2, rate) => {
        const mask = draw(256, rate, [key1, key2]);
        expect(mask).toEqual(draw(256, rate, [key1, key2]));
        const factor = Math.fround(1 / (1 - rate));
        expect(mask.every((value) => value === 0 || value === factor)).toBe(true);
      }),
    );
  });

  // Five standard deviations of a binomial: a sound generator fails once in two million draws, and the keys are fixed.
  test.each([0.1, 0.3, 0.5])("drop a share of %f, whatever the key", (rate) => {
    const count = 1 << 18;
    for (const key of [0, 1, 2, 0x9e3779b9]) {
      const dropped = draw(count, rate, [key, 7]).reduce((sum, value) => sum + Number(value === 0), 0);
      expect(Math.abs(dropped - rate * count)).toBeLessThan(5 * Math.sqrt(rate * (1 - rate) * count));
    }
  });

  test("of different keys are independent: half of two halves agree", () => {
    const count = 1 << 18;
    const first = draw(count, 0.5, [3, 4]);
    for (const keys of [
      [3, 5],
      [4, 4],
      [3 + 0x9e3779b9, 4],
    ] as const) {
      const second = draw(count, 0.5, keys);
      const equal = first.reduce((sum, value, i) => sum + Number(value === second[i]), 0);
      expect(Math.abs(equal - count / 2)).toBeLessThan(5 * Math.sqrt(count / 4));
    }
  });
});
