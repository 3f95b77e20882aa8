// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are interpolations of a configuration
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfigFile } from "./config-file.ts";
import { plainValue } from "./config-tree.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { printValues } from "./print.ts";

/** Any configuration, texts that look like something else among its values; integers as large as they are exact. */
const value: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(
      "null",
      "~",
      "true",
      "no",
      "1e-4",
      "0x1",
      ".inf",
      "${a}",
      "",
      " ",
      "- a",
      "a: b",
      "#",
      "a\nb\n",
      "<<",
      "12:30",
    ),
    fc.string({ unit: "grapheme" }),
    fc.double().filter((number) => !Number.isInteger(number) || Number.isSafeInteger(number)),
    fc.maxSafeInteger(),
    fc.constantFrom(true, false, null, Number.NaN, Number.POSITIVE_INFINITY),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("<<", "no", "1")), tie("value"), {
      maxKeys: 4,
    }),
  ),
})).value;

test("what is printed reads back as the same", () => {
  const values = fc.dictionary(
    fc.string().filter((key) => key !== "defaults"),
    value,
  ) as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(values, (before) => {
      const after = plainValue(parseConfigFile(printValues(before), "printed").content);
      expect(after).toEqual({ ...before });
    }),
  );
});

test("texts that YAML 1.1 would read as something else are quoted", () => {
  expect(printValues({ answer: "no", time: "12:30:00", rate: 1e-4, text: "plain" })).toMatchInlineSnapshot(`
    "answer: "no"
    time: "12:30:00"
    rate: 0.0001
    text: plain
    "
  `);
});
