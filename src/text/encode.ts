import { TextError } from "./text-error.ts";
import type { EncodeOptions, Encoding } from "./tokenizer.ts";
import { type OddToken, truncatedLengths } from "./truncate.ts";

/** What a kind of tokenizer does itself; the rest of encoding is the same for all. */
export interface TokenizerModel {
  /** Tokens of a text without frame: all of them, or at least the first `limit`. */
  tokenize(text: string, limit: number): string[];
  /** Joins the tokens of one text or two, with the special tokens around and between them if `special`. */
  frame(first: string[], second: string[] | null, special: boolean): Framed;
  /** Id of a token; that of the unknown token for one outside the vocabulary. */
  idOf(token: string): number;
  readonly oddToken: OddToken;
}

export interface Framed {
  readonly tokens: string[];
  readonly typeIds?: readonly number[] | undefined;
}

/**
 * Ids of a text or a pair, truncated and framed.
 *
 * @throws {TextError} when `maxLength` leaves no room for the special tokens
 */
export function encode(
  model: TokenizerModel,
  text: string,
  {
    maxLength = Number.POSITIVE_INFINITY,
    pair,
    addSpecialTokens = true,
    truncation = "longest_first",
  }: EncodeOptions = {},
): Encoding {
  const special = addSpecialTokens ? model.frame([], pair === undefined ? null : [], true).tokens.length : 0;
  const room = maxLength - special;
  if (!(room >= 0))
    throw new TextError(
      "invalid_option",
      "maxLength",
      `must be at least ${special}, the number of special tokens, got ${maxLength}`,
    );
  const toEncoding = (first: string[], second: string[] | null): Encoding => {
    const { tokens, typeIds } = model.frame(first, second, addSpecialTokens);
    const ids = tokens.map((token) => model.idOf(token));
    return { ids, typeIds: typeIds ?? new Array<number>(ids.length).fill(0) };
  };
  if (pair === undefined) return toEncoding(model.tokenize(text, room).slice(0, room), null);
  const tokenizeAll = (part: string) => model.tokenize(part, Number.POSITIVE_INFINITY);
  const [first, second] = [tokenizeAll(text), tokenizeAll(pair)];
  const lengths = { first: first.length, second: second.length };
  const kept = truncatedLengths(lengths, room, truncation, model.oddToken);
  return toEncoding(first.slice(0, kept.first), second.slice(0, kept.second));
}
