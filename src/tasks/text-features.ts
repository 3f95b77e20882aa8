/** What a text is like, as numbers that drift is looked for in. */

export interface TextFeatures {
  /** Code points. */
  readonly characters: number;
  /** Between white space. */
  readonly words: number;
  /** Code points of a word. */
  readonly mean_word_length: number;
  /** Share of the code points that are no letters, white space included. */
  readonly non_letter_percent: number;
  /** Share of the code points that are upper-case letters. */
  readonly upper_percent: number;
}

export function textFeatures(text: string): TextFeatures {
  const characters = countOf(text, /./gsu);
  const words = text.split(/\s+/u).filter(Boolean);
  const inWords = characters - countOf(text, /\s/gu);
  const percent = (count: number) => (100 * count) / Math.max(characters, 1);
  return {
    characters,
    words: words.length,
    mean_word_length: inWords / Math.max(words.length, 1),
    non_letter_percent: percent(characters - countOf(text, /\p{L}/gu)),
    upper_percent: percent(countOf(text, /\p{Lu}/gu)),
  };
}

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
