// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are interpolations of a configuration
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quote } from "./override.ts";
import { parseOverrideValue, parseSingleValue } from "./override-value.ts";

describe("a value", () => {
  test.each([
    ["10", 10],
    ["-20", -20],
    ["1_000_000", 1_000_000],
    ["3.14", 3.14],
    ["1e-4", 1e-4],
    ["-10e3", -10e3],
    [".5", 0.5],
    ["inf", Number.POSITIVE_INFINITY],
    ["-Inf", Number.NEGATIVE_INFINITY],
    ["nan", Number.NaN],
    ["true", true],
    ["FALSE", false],
    ["null", null],
    ["", ""],
    ["hello", "hello"],
    ["two words", "two words"],
    ["1.2.3", "1.2.3"],
    ["007", "007"],
    ["10:20", "10:20"],
    ["http://localhost:8080/a?b", "http://localhost:8080/a?b"],
    ["på dansk", "på dansk"],
    ["${model.name}", "${model.name}"],
    ["${oc.decode:${oc.env:X,1}}", "${oc.decode:${oc.env:X,1}}"],
    ["'10'", "10"],
    ['"a, b: [c]"', "a, b: [c]"],
    ["'it\\'s'", "it's"],
    ["'a\\\\'", "a\\"],
    ["'a\\b'", "a\\b"],
    ["a\\,b\\=c", "a,b=c"],
    ["trailing\\ ", "trailing "],
    ["[]", []],
    ["[1, two, [3.5, null]]", [1, "two", [3.5, null]]],
    ["{}", {}],
    ["{a:1, b:{c: two words}}", { a: 1, b: { c: "two words" } }],
    ["{2:x}", { "2": "x" }],
  ])("%s", (text, value) => {
    expect(parseSingleValue(text)).toEqual(value);
  });

  test("a key called __proto__ is a key like any other", () => {
    expect(Object.entries(parseSingleValue("{__proto__:1}") ?? {})).toEqual([["__proto__", 1]]);
  });

  test.each([
    ["[1,2", "it ends too early"],
    ["[a,,b]", ", must be quoted or escaped"],
    ["a=b", "= must be quoted or escaped"],
    ["a#b", "# must be quoted"],
    ["'open", "the quote ' is not closed"],
    ["${open", "the interpolation is not closed by a }"],
    ["9007199254740993", "9007199254740993 is too large to be held exactly; quote it to keep it as text"],
    ["shuffle(1,2)", "shuffle is not a function; known are choice, range, interval, glob"],
    ["rnage(3)", "rnage is not a function; did you mean range?"],
    ["[choice(1,2)]", "choice(1,2) must be the whole value"],
    ["range()", "range needs a stop, such as range(3)"],
    ["range(a)", 'start of range must be a number, got "a"'],
    ["range(1,stop=2,start=3)", "range got start twice"],
    ["range(1,2,3,4)", "range takes start, stop, step, got 4 values"],
    ["range(3,step=0)", "the step of a range must not be 0"],
    ["interval(1)", "interval needs a start and an end"],
    ["choice()", "choice() needs at least one value"],
  ])("%s cannot be read", (text, message) => {
    expect(() => parseOverrideValue(text)).toThrow(message);
  });
});

describe("several values", () => {
  test("a list without brackets is a choice, each value as it was typed", () => {
    expect(parseOverrideValue("1e-3, 'a b',[1,2]")).toEqual({
      kind: "choice",
      simple: true,
      choices: [
        { value: 1e-3, typed: "1e-3" },
        { value: "a b", typed: "'a b'" },
        { value: [1, 2], typed: "[1,2]" },
      ],
    });
  });

  test.each([
    ["range(3)", { kind: "range", start: 0, stop: 3, step: 1 }],
    ["range(1, 10, step=2)", { kind: "range", start: 1, stop: 10, step: 2 }],
    ["interval(0,1.5)", { kind: "interval", start: 0, end: 1.5 }],
    ["glob(*)", { kind: "glob", include: ["*"], exclude: [] }],
    ["glob([a*,b*],exclude=*-large)", { kind: "glob", include: ["a*", "b*"], exclude: ["*-large"] }],
  ])("%s", (text, sweep) => {
    expect(parseOverrideValue(text)).toEqual(sweep);
  });
});

test("every text comes back from its quotes", () => {
  const texts = [fc.string({ unit: "grapheme" }), fc.string({ unit: fc.constantFrom("\\", '"', "'", "a") })];
  fc.assert(
    fc.property(fc.oneof(...texts), (text) => {
      expect(parseSingleValue(quote(text))).toBe(text);
    }),
  );
});
