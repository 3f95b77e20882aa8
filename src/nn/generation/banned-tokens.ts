/** Tokens that must not follow, whatever the model thinks of them. */

export interface Restrictions {
  /** Sequences end no earlier than with this many tokens, the start included. */
  readonly minLength: number;
  /** No run of this many tokens stands twice in a sequence; 0 allows all. */
  readonly noRepeatNgramSize: number;
}

/** @param written the tokens so far, the start included */
export function bannedTokens(
  written: readonly number[],
  end: number,
  { minLength, noRepeatNgramSize }: Restrictions,
): Set<number> {
  const banned = new Set(noRepeatNgramSize > 0 ? repeatingTokens(written, noRepeatNgramSize) : []);
  if (written.length < minLength) banned.add(end);
  return banned;
}

/** Each token that has followed the last `size` - 1 tokens before. */
function repeatingTokens(written: readonly number[], size: number): number[] {
  const begin = written.length - (size - 1);
  if (begin < 0) return [];
  const beginsLikeEnd = (at: number) =>
    written.slice(begin).every((token, offset) => written[at + offset] === token);
  return written.slice(size - 1).filter((_, at) => beginsLikeEnd(at));
}
