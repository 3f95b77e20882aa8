import { cleanTweet } from "./clean-tweet.ts";
import { normalizeDanish } from "./normalize-danish.ts";
import { tweetNormalizer } from "./normalize-tweet.ts";

/** What is done to a text before it is tokenized, by the names that configurations use. */
const cleanings = {
  none: () => (text: string) => text,
  /** As the election project cleans: lower case, without links, users, hashtags and marks. */
  "clean-tweet": () => cleanTweet,
  /** As BERTweet was trained: users, links and emoji by name, words apart. */
  "normalize-tweet": tweetNormalizer,
  /** As the translator spells: å as aa, æ as ae, ø as oe, lower case. */
  "normalize-danish": () => (text: string) => normalizeDanish(text, { lowerFirst: true }),
} satisfies Record<string, () => (text: string) => string>;

export type TextCleaning = keyof typeof cleanings;

export const textCleanings = Object.keys(cleanings) as [TextCleaning, ...TextCleaning[]];

/** The cleaning of a name. */
export const textCleaning = (name: TextCleaning): ((text: string) => string) => cleanings[name]();
