/** A stream of pseudo-random numbers that its seed and stream ids determine. */
export interface Random {
  /** The next number in [0, 1), a multiple of 2^-32. */
  next(): number;
  /** The next integer in [0, limit), each equally likely. */
  integer(limit: number): number;
  /** A shuffled copy, every order equally likely. */
  shuffle<Value>(values: readonly Value[]): Value[];
}
/** A generator for `seed` and, under it, one independent stream for each sequence of ids. */
export function seededRandom(seed: number, ...stream: number[]): Random {
  throw new Error(`not written yet: ${seed} ${stream}`);
}
