import { TextError } from "./text-error.ts";

/** How many tokens each text of a pair may keep. */
export interface Kept {
  readonly first: number;
  readonly second: number;
}

/** Which of two texts keeps the token that halving leaves over, unless the first is the longer: then it does. */
export type OddToken = "first" | "second";

/**
 * Divides `room` tokens between two texts. "longest_first" takes tokens from the longer text until both fit, then
 * from both in turn; "only_first" leaves the second text whole.
 *
 * @param oddToken "second" as in the Rust library, "first" as in tokenizers that are written in Python
 * @throws {TextError} when "only_first" finds no room beside the second text
 */
export function truncatedLengths(
  { first, second }: Kept,
  room: number,
  truncation: "longest_first" | "only_first",
  oddToken: OddToken = "second",
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
  const half = Math.floor(room / 2);
  if (first > second || oddToken === "first") {
    const keptSecond = Math.min(second, first < room - half ? room - first : half);
    return { first: room - keptSecond, second: keptSecond };
  }
  const keptFirst = Math.min(first, half);
  return { first: keptFirst, second: room - keptFirst };
}
