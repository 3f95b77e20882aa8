import { expect, test } from "vitest";
import { tweetWords } from "./tweet-words.ts";

// Expected values: TweetTokenizer of transformers 5.23.0.
test.each([
  ["see (http://a.io/x_(y)), or mail.me@b.dk.", "see|(|http://a.io/x_(y)|)|,|or|mail.me@b.dk|."],
  ["call +1 (555) 123-4567 now", "call|+1 (555) 123-4567|now"],
  ["<3 :-) =D <b>so</b> <- --> x<y", "<3|:-)|=D|<b>|so|</b>|<-|-->|x|<|y"],
  ["@you @@ #one #a .@me", "@you|@|@|#one|#|a|.|@me"],
  ["don't co-op '90s 10:30 -5 1,5 3.14", "don't|co-op|'|90s|10:30|-|5|1,5|3.14"],
  ["wait . . . what...", "wait|. . .|what|..."],
  ["foo.com foo@bar.com @foo.com b.museum/ x", "foo.com|foo@bar.com|@foo|.|com|b.museum/|x"],
  ["http:// http:/!?!", "http|:/|/|http|:/|!|?|!"],
  ["!!!!! aaaaa     b", "!|!|!|aaaaa|b"],
  ["İ.com ſ K_9 ½ ²", "İ.com|ſ|K_9|½|²"],
  ["&lt;3 &amp;amp; &#8217;", "<3|&|amp|;|’"],
  ["\u0301 e\u0301 \u200D\uFE0F a\u2060b", "\u0301|e\u0301|\u200D\uFE0F|a|\u2060|b"],
])("%j", (tweet, words) => {
  expect(tweetWords(tweet)).toEqual(words.split("|"));
});

test("a megabyte of what makes the patterns look far", () => {
  for (const unit of ["a.", "a+", "<a", "http:/a(", "http:/(a)>", "((a)", "1 -", "-."])
    expect(tweetWords(unit.repeat(2 ** 20 / unit.length)).length).toBeGreaterThan(0);
});
