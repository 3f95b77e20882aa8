import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePageToken, printPageToken } from "./page-token.ts";

test("the end of a page comes back as it was, infinities too", () => {
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.double({ noNaN: true }).filter((n) => !Object.is(n, -0)),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), fc.jsonValue(), (end, search) => {
      expect(parsePageToken(search, end.length, printPageToken(search, end))).toEqual(end);
    }),
  );
});

test.each(["", "nonsense", "e30", Buffer.from('{"search":"x","end":[]}').toString("base64url")])(
  "%j is no token",
  (token) => expect(() => parsePageToken("search", 1, token)).toThrow("does not belong to this search"),
);
