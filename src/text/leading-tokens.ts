import { escaped } from "./split-at-tokens.ts";
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

/**
 * Where a text may be cut without changing its tokens, or null where no such place is known. Added tokens are found
 * before all else, so that no place inside one of them counts.
 */
export function cuttingPlaces(tokenizer: TokenizerJson): RegExp | null {
  const { added_tokens } = tokenizer;
  const inside = new Set(added_tokens.flatMap(({ content }) => [...content].slice(1)));
  const reachesAhead = added_tokens.some(({ rstrip }) => rstrip);
  if (reachesAhead || inside.has(" ")) return null;
  const notInside = `(?!${[...inside].map(escaped).join("|") || "(?!)"})`;
  const found = placesOf(tokenizer);
  return found === null ? null : new RegExp(`(?:${found})${notInside}`, "gu");
}

/** Such places for each sequence of steps, as patterns that match before the cut's second part. */
function placesOf({ normalizer, pre_tokenizer }: TokenizerJson): string | null {
  const normalizes = normalizer?.type;
  // Every punctuation mark is a word of its own, and white space is dropped.
  if (pre_tokenizer?.type === "BertPreTokenizer" && (normalizes ?? "BertNormalizer") === "BertNormalizer")
    return "(?=[ -/:-@[-`{-~])";
  // A word of letters or digits ends where they end. A prefix space would come before each part.
  if (pre_tokenizer?.type === "ByteLevel" && normalizes === undefined)
    return pre_tokenizer.add_prefix_space
      ? "(?<=\\P{White_Space})(?= \\P{White_Space})"
      : "(?<=\\p{L})(?!\\p{L})|(?<=\\p{N})(?!\\p{N})";
  // SentencePiece: words end at spaces, which join no cluster of characters behind an ASCII character.
  const words = pre_tokenizer?.pretokenizers;
  const splitsAtSpaces =
    words?.length === 2 &&
    words[0]?.type === "WhitespaceSplit" &&
    words[1]?.type === "Metaspace" &&
    (words[1].prepend_scheme ?? "always") === "always";
  return splitsAtSpaces && (normalizes ?? "Precompiled") === "Precompiled" ? "(?<=[!-~])(?= )" : null;
}
