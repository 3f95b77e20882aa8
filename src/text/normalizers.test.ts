import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cleanTweet } from "./clean-tweet.ts";
import { demojizer } from "./demojize.ts";
import { emojiNames } from "./emoji-names.ts";
import { emojiTable } from "./emoji-table.ts";
import { normalizeDanish } from "./normalize-danish.ts";
import { tweetNormalizer } from "./normalize-tweet.ts";

const folder = new URL("../../../shared/goldens/text/", import.meta.url);
const present = existsSync(folder);
if (!present) console.warn("SKIPPED: shared/goldens/text is not beside the repository");
const golden = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
interface Pairs {
  cases: { in: string; out: string; out_lower_first: string }[];
}

describe.skipIf(!present)("as in Python", () => {
  test.each([
    ["bertweet_normalize.json", tweetNormalizer()],
    ["danish_normalize.json", (text: string) => normalizeDanish(text)],
    ["tweet_clean.json", cleanTweet],
  ] as const)("%s", (name, normalize) => {
    const { cases } = golden<Pairs>(name);
    expect(cases.length).toBeGreaterThan(100);
    expect(cases.map((one) => normalize(one.in))).toEqual(cases.map(({ out }) => out));
  });

  test("Danish, lower case first", () => {
    const { cases } = golden<Pairs>("danish_normalize.json");
    expect(cases.map((one) => normalizeDanish(one.in, { lowerFirst: true }))).toEqual(
      cases.map((one) => one.out_lower_first),
    );
  });

  test("every emoji has its name, and nothing else has one", () => {
    const { names } = golden<{ names: Record<string, string> }>("emoji_names.json");
    expect(Object.fromEntries(emojiNames(emojiTable))).toEqual(names);
    const demojize = demojizer();
    expect(Object.keys(names).map((sequence) => demojize(sequence))).toEqual(Object.values(names));
  });
});
