import { demojizer } from "./demojize.ts";
import { pythonWords } from "./python-words.ts";
import { tweetWords } from "./tweet-words.ts";

/** Put right one after the other, each in the whole text; the order matters. */
const REPAIRS = [
  ["cannot ", "can not "],
  ["n't ", " n't "],
  ["n 't ", " n't "],
  ["ca n't", "can't"],
  ["ai n't", "ain't"],
  ["'m ", " 'm "],
  ["'re ", " 're "],
  ["'s ", " 's "],
  ["'ll ", " 'll "],
  ["'d ", " 'd "],
  ["'ve ", " 've "],
  [" p . m .", "  p.m."],
  [" p . m ", " p.m "],
  [" a . m .", " a.m."],
  [" a . m ", " a.m "],
] as const;

/**
 * A function that writes tweets as BERTweet was trained on them (Nguyen et al. 2020, section 2): words and marks with a
 * space between, "@USER" for users, "HTTPURL" for links, names for emoji of a single character, contractions in two.
 * The same as `normalizeTweet` of transformers' BertweetTokenizer with the package emoji.
 */
export function tweetNormalizer(): (tweet: string) => string {
  const demojize = demojizer();
  const normalizeWord = (word: string): string => {
    if (word.startsWith("@")) return "@USER";
    if (/^(?:http|www)/.test(word.toLowerCase())) return "HTTPURL";
    return isOneCharacter(word) ? demojize(word) : word;
  };
  return (tweet) => {
    const words = tweetWords(tweet.replaceAll("’", "'").replaceAll("…", "..."));
    let result = words.map(normalizeWord).join(" ");
    for (const [wrong, right] of REPAIRS) result = result.replaceAll(wrong, right);
    return pythonWords(result).join(" ");
  };
}

const isOneCharacter = (word: string) => word.length <= 2 && [...word].length === 1;
