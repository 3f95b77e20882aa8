import { expect, test } from "vitest";
import { textCleaning, textCleanings } from "./index.ts";

test.each([
  ["none", "Så GOD! @Ann 😂", "Så GOD! @Ann 😂"],
  ["clean-tweet", "Vote @Ann #now https://t.co/x It's 4 all!", "vote    its  all"],
  ["normalize-tweet", "@Ann see www.x.dk 😂", "@USER see HTTPURL :face_with_tears_of_joy:"],
  ["normalize-danish", "Så Ærlig Øl", "saa aerlig oel"],
] as const)("%s", (name, text, cleaned) => {
  expect(textCleaning(name)(text)).toBe(cleaned);
});

test("all have a name that a configuration can check", () => {
  expect(textCleanings).toEqual(["none", "clean-tweet", "normalize-tweet", "normalize-danish"]);
});
