import type { TokenizerJson } from "./tokenizer-json.ts";

/** Characters looked at for each token wanted, before asking whether that was enough. */
const CHARACTERS_PER_TOKEN = 8;

/**
 * The first `limit` tokens of a text (or a few more) without reading all of it, so that a megabyte costs no more than
 * a page. Exact, because the text is only cut where its tokens cannot depend on what lies beyond.
 *
 * @param boundary matches at places where the text may be cut (before the match), with the flag `g`
 */
export function leadingTokens(
  text: string,
  limit: number,
  boundary: RegExp,
  tokenize: (part: string) => string[],
): string[] {
  const window = Math.max(1, limit) * CHARACTERS_PER_TOKEN;
  let tokens: string[] = [];
  let start = 0;
  while (start < text.length && tokens.length < limit) {
    boundary.lastIndex = start + window;
    const end = boundary.exec(text)?.index ?? text.length;
    tokens = tokens.concat(tokenize(text.slice(start, end)));
    start = end;
  }
  return tokens;
}

const ASCII_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/**
 * Where a text may be cut without changing its tokens, or null where no such place is known.
 * BERT's pre-tokenizer makes every punctuation mark a word of its own and drops white space, so both are such places
 * unless an added token contains them. A byte-level one never looks past a single space between two words.
 */
export function cuttingPlaces({ normalizer, pre_tokenizer, added_tokens }: TokenizerJson): RegExp | null {
  const inAddedTokens = new Set(added_tokens.flatMap(({ content }) => [...content]));
  if (inAddedTokens.has(" ")) return null;
  if (pre_tokenizer?.type === "BertPreTokenizer" && isBertNormalizer(normalizer)) {
    const safe = [...ASCII_PUNCTUATION].filter((mark) => !inAddedTokens.has(mark));
    return new RegExp(`[ ${safe.map((mark) => `\\${mark}`).join("")}]`, "g");
  }
  const reachesAhead = added_tokens.some(({ rstrip }) => rstrip);
  if (pre_tokenizer?.type === "ByteLevel" && normalizer === null && !reachesAhead) return /(?<=\S) (?=\S)/g;
  return null;
}

const isBertNormalizer = (normalizer: TokenizerJson["normalizer"]): boolean =>
  normalizer === null || normalizer.type === "BertNormalizer";
