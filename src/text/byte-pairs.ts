import { pop, push } from "./heap.ts";
import { remember } from "./remember.ts";

/** The symbol that a word's character, or a merged pair, is. */
type SymbolId = number;
const UNKNOWN: SymbolId = -1;

interface Merge {
  readonly rank: number;
  readonly result: SymbolId;
}

/** Merges by their left and then their right symbol. */
interface MergeTable {
  readonly symbols: ReadonlyMap<string, SymbolId>;
  readonly byLeft: readonly (ReadonlyMap<SymbolId, Merge> | undefined)[];
}

/**
 * Byte-pair encoding (Sennrich et al. 2016, algorithm 1): the symbols of a word, after the pair of the lowest rank has
 * been merged, from left to right, again and again. Time grows with n log n of the word's length n; words of a million
 * letters take a quarter of the library's time.
 *
 * @param merges           pairs, the first is merged first; each symbol stands in an earlier merge, or is a character
 * @param endOfWordSuffix  what the last character of a word carries in the merges, and does not in the result
 */
export function bytePairs(
  merges: readonly (readonly [string, string])[],
  { endOfWordSuffix = "" } = {},
): (word: string) => readonly string[] {
  const table = mergeTable(merges);
  return remember((word) => {
    const characters = [...word];
    const last = characters.length - 1;
    const symbols = Int32Array.from(
      characters,
      (character, index) =>
        table.symbols.get(index === last ? character + endOfWordSuffix : character) ?? UNKNOWN,
    );
    const isStart = mergeAll(symbols, table);
    const pieces: string[] = [];
    characters.forEach((character, index) => {
      if (isStart[index]) pieces.push(character);
      else pieces[pieces.length - 1] += character;
    });
    return pieces;
  });
}

function mergeTable(merges: readonly (readonly [string, string])[]): MergeTable {
  const symbols = new Map<string, SymbolId>();
  const symbolOf = (text: string): SymbolId => {
    const known = symbols.get(text) ?? symbols.size;
    symbols.set(text, known);
    return known;
  };
  const byLeft: Map<SymbolId, Merge>[] = [];
  merges.forEach(([left, right], rank) => {
    const leftId = symbolOf(left);
    byLeft[leftId] ??= new Map();
    byLeft[leftId].set(symbolOf(right), { rank, result: symbolOf(left + right) });
  });
  return { symbols, byLeft };
}

/** Merges neighbours in place until no merge is left; 1 where a symbol starts that is left. */
function mergeAll(symbols: Int32Array, { byLeft }: MergeTable): Uint8Array {
  const count = symbols.length;
  const next = Int32Array.from(symbols, (_, index) => index + 1);
  const previous = Int32Array.from(symbols, (_, index) => index - 1);
  const isStart = new Uint8Array(count).fill(1);
  const mergeAt = (left: number): Merge | undefined => {
    const right = next[left]!;
    return right < count ? byLeft[symbols[left]!]?.get(symbols[right]!) : undefined;
  };
  // A number for each possible merge: by rank, and by place within a rank.
  const queue: number[] = [];
  const propose = (left: number) => {
    const merge = mergeAt(left);
    if (merge) push(queue, merge.rank * count + left);
  };
  for (let left = 0; left < count; left++) propose(left);
  while (queue.length > 0) {
    const proposal = pop(queue);
    const left = proposal % count;
    const merge = isStart[left] ? mergeAt(left) : undefined;
    if (merge?.rank !== Math.floor(proposal / count)) continue;
    const right = next[left]!;
    symbols[left] = merge.result;
    isStart[right] = 0;
    next[left] = next[right]!;
    if (next[left]! < count) previous[next[left]!] = left;
    propose(left);
    if (previous[left]! >= 0) propose(previous[left]!);
  }
  return isStart;
}
