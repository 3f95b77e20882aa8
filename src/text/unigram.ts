import { z } from "zod";

/** The `Unigram` model of a tokenizer.json. */
const unigram = z.object({
  vocab: z.array(z.tuple([z.string(), z.number()])),
  unk_id: z.int().nullable().default(0),
});

/** How much less likely than the rarest piece an unknown character is, in natural logarithms. */
const UNKNOWN_PENALTY = 10;

interface TrieNode {
  readonly children: Map<number, TrieNode>;
  /** Logarithm of the probability of the piece that ends here. */
  score: number | undefined;
}

/**
 * The most likely segmentation of a word into pieces (Kudo 2018, section 3.1), by the algorithm of Viterbi; unknown
 * characters in a row become one piece. Time grows with the length of the word times that of the longest piece.
 *
 * It takes the place of the one in @huggingface/tokenizers 0.2, which exhausts the stack on a word of 100,000 letters.
 */
export function unigramSegmenter(config: unknown): (word: string) => string[] {
  const { vocab } = unigram.parse(config);
  const root = trieOf(vocab);
  const unknownScore = vocab.reduce((least, [, score]) => Math.min(least, score), 0) - UNKNOWN_PENALTY;

  return (word) => {
    // For each end: the score of the best way to it, where its last piece begins, whether that is unknown.
    const best = new Float64Array(word.length + 1).fill(Number.NEGATIVE_INFINITY);
    const begin = new Int32Array(word.length + 1);
    const isUnknown = new Uint8Array(word.length + 1);
    best[0] = 0;
    const offer = (from: number, to: number, score: number, unknown: number) => {
      const total = best[from]! + score;
      if (!(total > best[to]!)) return;
      best[to] = total;
      begin[to] = from;
      isUnknown[to] = unknown;
    };
    for (let start = 0; start < word.length; ) {
      const next = start + (word.codePointAt(start)! > 0xffff ? 2 : 1);
      let knowsCharacter = false;
      let node = root.children.get(word.charCodeAt(start));
      for (let end = start + 1; node !== undefined; end++) {
        if (node.score !== undefined) {
          offer(start, end, node.score, 0);
          knowsCharacter ||= end === next;
        }
        node = end < word.length ? node.children.get(word.charCodeAt(end)) : undefined;
      }
      if (!knowsCharacter) offer(start, next, unknownScore, 1);
      start = next;
    }
    return piecesBackwards(word, begin, isUnknown).reverse();
  };
}

function piecesBackwards(word: string, begin: Int32Array, isUnknown: Uint8Array): string[] {
  const pieces: string[] = [];
  for (let end = word.length; end > 0; ) {
    let start = begin[end]!;
    if (isUnknown[end]) while (start > 0 && isUnknown[start]) start = begin[start]!;
    pieces.push(word.slice(start, end));
    end = start;
  }
  return pieces;
}

function trieOf(vocab: readonly (readonly [string, number])[]): TrieNode {
  const newNode = (): TrieNode => ({ children: new Map(), score: undefined });
  const root = newNode();
  for (const [piece, score] of vocab) {
    let node = root;
    for (let index = 0; index < piece.length; index++) {
      const unit = piece.charCodeAt(index);
      let child = node.children.get(unit);
      if (child === undefined) {
        child = newNode();
        node.children.set(unit, child);
      }
      node = child;
    }
    node.score = score;
  }
  return root;
}
