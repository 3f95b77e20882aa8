import type { RandomNumbers } from "../augmentation/random-numbers.ts";

/** A stream of numbers that the seed determines: the golden ratio's multiples, stirred (splitmix32). */
export function numbersFrom(seed: number): RandomNumbers {
  let state = seed | 0;
  return {
    next() {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
    },
  };
}
