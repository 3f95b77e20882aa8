import { expect, test } from "vitest";
import { withElement } from "./list-tag.ts";

test.each([
  [undefined, "[1]"],
  ["[0]", "[0,1]"],
  ["no JSON", "[1]"],
  ['{"a":1}', "[1]"],
])("%j and one more is %j", (tag, expected) => expect(withElement(tag, 1)).toBe(expected));

test("the oldest elements go where a tag has no room", () => {
  let tag: string | undefined;
  for (let version = 1; version <= 1000; version++) tag = withElement(tag, { name: "reviews", version });
  expect(tag!.length).toBeLessThanOrEqual(8000);
  expect(JSON.parse(tag!).at(-1)).toEqual({ name: "reviews", version: 1000 });
  expect(JSON.parse(tag!).length).toBeGreaterThan(200);
});
