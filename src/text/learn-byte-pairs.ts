import { pop, push } from "./heap.ts";

/** A symbol is a character, or what two symbols were merged into. */
type SymbolId = number;

interface Word {
  symbols: SymbolId[];
  readonly count: number;
}

/**
 * Learns byte-pair encoding (Sennrich et al. 2016, algorithm 1): again and again the pair of neighbours that is met most
 * often becomes a symbol. Of pairs that are met equally often, the one that came up first.
 * @param words how often each word is met
 * @param most  merges; fewer where no pair is met twice
 * @returns     the pairs in the order in which they are merged
 */
export function learnBytePairs(words: ReadonlyMap<string, number>, most: number): [string, string][] {
  const texts: string[] = [];
  const ids = new Map<string, SymbolId>();
  const idOf = (text: string): SymbolId => {
    const id = ids.get(text) ?? texts.push(text) - 1;
    ids.set(text, id);
    return id;
  };
  const known: Word[] = [...words].map(([word, count]) => ({ symbols: [...word].map(idOf), count }));
  const pairs = new PairCounts();
  for (const [place, word] of known.entries()) pairs.add(word, place);
  const merges: [string, string][] = [];
  while (merges.length < most) {
    const best = pairs.takeBest();
    if (!best) break;
    const { left, right, places } = best;
    const merged = idOf(texts[left]! + texts[right]!);
    merges.push([texts[left]!, texts[right]!]);
    for (const place of places) {
      const word = known[place]!;
      pairs.remove(word);
      word.symbols = mergeIn(word.symbols, best, merged);
      pairs.add(word, place);
    }
  }
  return merges;
}

interface Pair {
  readonly left: SymbolId;
  readonly right: SymbolId;
  count: number;
  /** Words that have it, or had it. */
  readonly places: Set<number>;
}

/** How often each pair of neighbours is met. */
class PairCounts {
  readonly #pairs: Pair[] = [];
  readonly #ids = new Map<number, number>();
  /** Proposals that may be out of date: the greater the count, the smaller the number. */
  readonly #heap: number[] = [];

  add({ symbols, count }: Word, place: number): void {
    for (let i = 1; i < symbols.length; i++) {
      const id = this.#idOf(symbols[i - 1]!, symbols[i]!);
      const pair = this.#pairs[id]!;
      pair.count += count;
      pair.places.add(place);
      this.#propose(id);
    }
  }

  remove({ symbols, count }: Word): void {
    for (let i = 1; i < symbols.length; i++)
      this.#pairs[this.#idOf(symbols[i - 1]!, symbols[i]!)]!.count -= count;
  }

  /** The pair that is met most often, if any is met twice. */
  takeBest(): Pair | undefined {
    while (this.#heap.length > 0) {
      const proposal = pop(this.#heap);
      const id = ((proposal % mostPairs) + mostPairs) % mostPairs;
      const pair = this.#pairs[id]!;
      if (-Math.floor(proposal / mostPairs) !== pair.count) {
        // Its count has fallen since; where it has risen, a better proposal came before.
        if (pair.count > 0 && -Math.floor(proposal / mostPairs) > pair.count) this.#propose(id);
      } else if (pair.count > 1) return pair;
    }
    return undefined;
  }

  #idOf(left: SymbolId, right: SymbolId): number {
    const key = left * mostSymbols + right;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#pairs.push({ left, right, count: 0, places: new Set() }) - 1;
    this.#ids.set(key, id);
    return id;
  }

  #propose(id: number): void {
    push(this.#heap, -this.#pairs[id]!.count * mostPairs + id);
  }
}

const mostPairs = 2 ** 24;
const mostSymbols = 2 ** 20;

function mergeIn(
  symbols: readonly SymbolId[],
  { left, right }: Pick<Pair, "left" | "right">,
  merged: SymbolId,
): SymbolId[] {
  const result: SymbolId[] = [];
  for (let i = 0; i < symbols.length; i++)
    if (symbols[i] === left && symbols[i + 1] === right) {
      result.push(merged);
      i++;
    } else result.push(symbols[i]!);
  return result;
}
