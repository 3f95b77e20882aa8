import { emojiNames } from "./emoji-names.ts";
import { emojiTable } from "./emoji-table.ts";

/**
 * A function that replaces emoji by their English names between colons, the longest sequence first, as the Python
 * package emoji does: "❤️ it" becomes ":red_heart: it". Variation selectors without an emoji go.
 */
export function demojizer(): (text: string) => string {
  const names = emojiNames(emojiTable);
  const longestFrom = new Map<string, number>();
  for (const sequence of names.keys()) {
    const first = String.fromCodePoint(sequence.codePointAt(0)!);
    longestFrom.set(first, Math.max(sequence.length, longestFrom.get(first) ?? 0));
  }
  const emojiAt = (text: string, start: number, first: string): string | undefined => {
    for (let length = longestFrom.get(first) ?? 0; length > 0; length--) {
      const sequence = text.slice(start, start + length);
      if (sequence.length === length && names.has(sequence)) return sequence;
    }
    return undefined;
  };
  return (text) => {
    let result = "";
    for (let place = 0; place < text.length; ) {
      const character = String.fromCodePoint(text.codePointAt(place)!);
      const emoji = emojiAt(text, place, character);
      result += emoji !== undefined ? names.get(emoji) : /[\uFE0E\uFE0F]/.test(character) ? "" : character;
      place += (emoji ?? character).length;
    }
    return result;
  };
}
