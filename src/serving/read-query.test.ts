import fc from "fast-check";
import { expect, test } from "vitest";
import { readQuery } from "./read-query.ts";

const hint = "send for example ?review=good";
const read = (query: string) => ({ ...readQuery(`http://localhost/predict${query}`, hint) });

test("reads what URLSearchParams writes", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })), (fields) => {
      expect(read(`?${new URLSearchParams(fields)}`)).toEqual({ ...fields });
    }),
  );
  expect(read("")).toEqual({});
  expect(read("?")).toEqual({});
  expect(read("?a=1+1=2&b&")).toEqual({ a: "1 1=2", b: "" });
  expect(Object.keys(read("?__proto__=x"))).toEqual(["__proto__"]);
});

test.each([
  ["?review=a&review=b", "review is given twice; send for example ?review=good"],
  [
    "?review=%ff%fe",
    "review is not UTF-8 in percent signs: a percent sign itself is %25; send for example ?review=good",
  ],
  [
    "?review=100%",
    "review is not UTF-8 in percent signs: a percent sign itself is %25; send for example ?review=good",
  ],
])("%s is refused", (query, message) => {
  expect(() => read(query)).toThrow(expect.objectContaining({ code: "invalid-query", message }));
});
