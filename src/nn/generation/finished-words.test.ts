import { expect, test } from "vitest";
import { finishedWords } from "./finished-words.ts";

test("a word is finished once white space follows it", () => {
  expect(finishedWords("", 0)).toBe("");
  expect(finishedWords("And", 0)).toBe("");
  expect(finishedWords("And th", 0)).toBe("And");
  expect(finishedWords("And the cri", 3)).toBe(" the");
  expect(finishedWords("And the crisis", 7)).toBe("");
});

test("a text that shrinks takes nothing back", () => {
  expect(finishedWords("And th", 7)).toBe("");
});
