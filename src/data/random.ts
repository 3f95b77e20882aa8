/** A stream of pseudo-random numbers that its seed and stream ids determine. */
export interface Random {
  /** The next number in [0, 1), a multiple of 2^-32. */
  next(): number;
  /**
   * The next integer in [0, limit), each equally likely.
   *
   * @throws {RangeError} unless limit is an integer from 1 to 2^32
   */
  integer(limit: number): number;
  /** A shuffled copy, every order equally likely (Fisher & Yates 1938, as in Durstenfeld 1964). */
  shuffle<Value>(values: Iterable<Value>): Value[];
}

/**
 * A generator for `seed` and, under it, one independent stream for each sequence of ids. It keeps no state outside
 * itself, so a resumed run makes the same numbers again from the same seed and ids: `seededRandom(23, "shuffle", epoch)`.
 *
 * The generator is xoshiro128** 1.1 (Blackman & Vigna 2021, "Scrambled linear pseudorandom number generators"); its
 * 128 bits of state are four MurmurHash3 (Appleby 2011, x86_32) values of the seed and the ids.
 */
export function seededRandom(seed: number, ...stream: (number | string)[]): Random {
  const words = [seed, ...stream].flatMap(toWords);
  return randomFrom(xoshiro128([0, 1, 2, 3].map((salt) => murmur3(words, salt))));
}

function randomFrom(nextUint32: () => number): Random {
  const integer = (limit: number): number => {
    if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 32)
      throw new RangeError(`limit must be an integer from 1 to 2^32, got ${limit}`);
    // The last, incomplete round of 2^32 / limit would favour small results.
    const complete = 2 ** 32 - (2 ** 32 % limit);
    let value = nextUint32();
    while (value >= complete) value = nextUint32();
    return value % limit;
  };
  return {
    next: () => nextUint32() / 2 ** 32,
    integer,
    shuffle(values) {
      const shuffled = [...values];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
      }
      return shuffled;
    },
  };
}

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** xoshiro128** 1.1 from four words of state, not all zero. */
export function xoshiro128(state: readonly number[]): () => number {
  let [a, b, c, d] = [state[0]! | 0, state[1]! | 0, state[2]! | 0, state[3]! | 0];
  // All zero is the one state that the generator never leaves.
  if ((a | b | c | d) === 0) a = 1;
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

/** MurmurHash3 x86_32 of 32-bit words. */
export function murmur3(words: readonly number[], salt: number): number {
  let hash = salt;
  for (const word of words) {
    hash ^= Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  hash ^= words.length * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Words that tell any two ids apart: the bits of a double, or the length and code units of a string. */
function toWords(id: number | string): number[] {
  if (typeof id === "number") {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, id + 0); // -0 is the same id as 0
    return [bits.getUint32(0), bits.getUint32(4)];
  }
  // No double begins with this word (it would be a NaN), so no number looks like a string.
  return [0xffffffff, id.length, ...Array.from({ length: id.length }, (_, i) => id.charCodeAt(i))];
}
