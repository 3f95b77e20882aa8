/**
 * Words of a tweet, as NLTK's TweetTokenizer finds them (nltk/tokenize/casual.py, by Christopher Potts and others) in the
 * version that transformers ships for BERTweet: a list of patterns, of which the first that matches takes the word.
 *
 * The original is one regular expression that may need time with the square of a text, because it tries the same stretch
 * again from each of its words. Here a pattern that fails also says how far it would fail again.
 */
import { replaceHtmlEntities } from "./html-entities.ts";
import { urlTails } from "./url-tail.ts";

// Python's regex module: \w and \d know all scripts, \s has no U+FEFF; [a-z] without regard to case has the dotted İ.
const SPACE = "\\p{White_Space}";
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
const NO_LETTER = "(?![\\p{Nd}_])";
const LETTER = `${NO_LETTER}[${WORD}]`;
const AZ = "a-z\\u0130";
const WORD_END = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;

/** A kind of word. */
interface Kind {
  readonly pattern: RegExp;
  /** Stretch from whose every place the pattern fails if it fails at the first. */
  readonly failsThrough?: RegExp;
  /** Whether the tail of a URL must follow, which begins behind the match or, failing that, one slash before. */
  readonly hasTail?: true;
}

const sticky = (pattern: string) => new RegExp(pattern, "iuy");

const EYES = "[:;=8]";
const NOSE = "[\\-o*']?";
const MOUTH = "[)\\](\\[dDpP/:}{@|\\\\]";

const kinds: readonly Kind[] = [
  // URLs, with the protocol or with the domain's end and a slash.
  { pattern: sticky(`https?:(?:/{1,3}|[${AZ}0-9%])`), hasTail: true },
  {
    pattern: sticky(`[${AZ}0-9.\\-]+[.][${AZ}]{2,13}/`),
    failsThrough: sticky(`[${AZ}0-9.\\-]+`),
    hasTail: true,
  },
  // Domains.
  {
    pattern: sticky(`(?<!@)[${AZ}0-9]+(?:[.\\-][${AZ}0-9]+)*[.][${AZ}]{2,13}${WORD_END}/?(?!@)`),
    failsThrough: sticky(`(?<!@)[${AZ}0-9]+(?:[.\\-][${AZ}0-9]+)*`),
  },
  // Telephone numbers.
  {
    pattern: sticky("(?:\\+?[01][ *\\-.)]*)?(?:[(]?\\p{Nd}{3}[ *\\-.)]*)?\\p{Nd}{3}[ *\\-.)]*\\p{Nd}{4}"),
  },
  // Emoticons from the left and from the right, and a heart.
  { pattern: sticky(`[<>]?${EYES}${NOSE}${MOUTH}|${MOUTH}${NOSE}${EYES}[<>]?|<3`) },
  // Tags of HTML, arrows, user names, hashtags, addresses of mail.
  { pattern: sticky(`<[^>${SPACE}]+>`), failsThrough: sticky(`<[^>${SPACE}]*`) },
  { pattern: sticky("-+>|<-+") },
  { pattern: sticky(`@[${WORD}]+`) },
  { pattern: sticky(`#+[${WORD}]+[${WORD}'\\-]*[${WORD}]+`) },
  {
    pattern: sticky(`[${WORD}.+\\-]+@[${WORD}\\-]+\\.(?:[${WORD}\\-]\\.?)+[${WORD}\\-]`),
    failsThrough: sticky(`[${WORD}.+\\-]+`),
  },
  // Words with apostrophes or dashes, fractions and times, other words, ellipses, all else.
  { pattern: sticky(`${LETTER}(?:${LETTER}|['\\-_])+${LETTER}`) },
  { pattern: sticky("[+\\-]?\\p{Nd}+[,/.:\\-]\\p{Nd}+[+\\-]?") },
  { pattern: sticky(`[${WORD}]+`) },
  { pattern: sticky(`\\.(?:[${SPACE}]*\\.)+`) },
  { pattern: sticky(`[^${SPACE}]`) },
];

// Four or more of what is no ASCII letter or digit.
const LONG_RUN = /([^a-zA-Z0-9])\1{3,}/gu;
const SPACES = sticky(`[${SPACE}]+`);
const STRETCH = sticky(`[^${SPACE}]+`);

/** The words of a tweet, after its HTML entities are replaced and runs of a mark are cut to three. */
export function tweetWords(tweet: string): string[] {
  const text = replaceHtmlEntities(tweet).replace(LONG_RUN, "$1$1$1");
  const tailFrom = urlTailsOf(text);
  const hopelessUntil = new Int32Array(kinds.length);
  const words: string[] = [];
  for (let place = 0; place < text.length; ) {
    let end = endOf(SPACES, text, place) ?? NONE;
    for (let index = 0; end === NONE; index++) {
      const { pattern, failsThrough, hasTail } = kinds[index]!;
      if (place < hopelessUntil[index]!) continue;
      const matched = endOf(pattern, text, place);
      end = (hasTail && matched !== null ? tailFrom(place, matched) : matched) ?? NONE;
      if (end === NONE && failsThrough) hopelessUntil[index] = endOf(failsThrough, text, place) ?? 0;
      if (end !== NONE) words.push(text.slice(place, end));
    }
    place = end;
  }
  return words;
}

const NONE = -1;

function endOf(pattern: RegExp, text: string, place: number): number | null {
  pattern.lastIndex = place;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** Ends of URLs; what is found out about a stretch without white space is kept while the words come from it. */
function urlTailsOf(text: string): (start: number, tail: number) => number | null {
  let [from, to] = [0, 0];
  let tails = urlTails("");
  return (start, tail) => {
    if (start >= to) {
      [from, to] = [start, endOf(STRETCH, text, start) ?? start];
      tails = urlTails(text.slice(from, to));
    }
    let place = tail;
    for (;;) {
      const end = tails(place - from);
      if (end !== null) return from + end;
      // "//" and "///" may be fewer slashes and the beginning of the tail.
      if (text[place - 1] !== "/" || text[place - 2] !== "/") return null;
      place--;
    }
  };
}
