import { TextError } from "./text-error.ts";

/** How many tokens each text of a pair may keep. */
export interface Kept {
  readonly first: number;
  readonly second: number;
}

/**
 * Divides `room` tokens between two texts. "longest_first" takes tokens from the longer text until both fit, then
 * from both in turn, the longer one keeping the odd token; "only_first" leaves the second text whole.
 *
 * @throws {TextError} when "only_first" finds no room beside the second text
 */
export function truncatedLengths(
  { first, second }: Kept,
  room: number,
  truncation: "longest_first" | "only_first",
): Kept {
  if (first + second <= room) return { first, second };
  if (truncation === "only_first") {
    if (second > room)
      throw new TextError(
        "invalid_option",
        "maxLength",
        `must leave room for the second text, which has ${second} tokens: only ${room} are free, and only the first text may be cut`,
      );
    return { first: room - second, second };
  }
  const shorter = Math.min(first, second);
  const half = Math.floor(room / 2);
  const keptShorter = Math.min(shorter, half);
  return first > second
    ? { first: room - keptShorter, second: keptShorter }
    : { first: keptShorter, second: room - keptShorter };
}
