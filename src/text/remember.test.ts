import { expect, test } from "vitest";
import { remember } from "./remember.ts";

test("asks once for a short text, each time for a long one, and forgets in the end", () => {
  const asked: string[] = [];
  const length = remember((text) => {
    asked.push(text);
    return text.length;
  });
  const long = "x".repeat(65);
  expect(["a", "a", long, long].map(length)).toEqual([1, 1, 65, 65]);
  expect(asked).toEqual(["a", long, long]);
  for (let index = 0; index < 10_000; index++) length(String(index));
  length("a");
  expect(asked.at(-1)).toBe("a");
});
