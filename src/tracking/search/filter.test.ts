import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StoreError } from "../store-error.ts";
import { type Comparison, parseFilter, printFilter } from "./filter.ts";

describe("parseFilter", () => {
  test("reads comparisons joined by AND", () => {
    expect(parseFilter("metrics.acc >= .8 AND params.lr != '1e-3' and start_time < 12")).toEqual([
      { entity: "metric", key: "acc", comparator: ">=", value: 0.8 },
      { entity: "param", key: "lr", comparator: "!=", value: "1e-3" },
      { entity: "attribute", key: "start_time", comparator: "<", value: 12 },
    ]);
  });

  test.each<[string, Comparison]>([
    ["tags.mlflow.user = 'x'", { entity: "tag", key: "mlflow.user", comparator: "=", value: "x" }],
    ["tag.`a key` like 'x%'", { entity: "tag", key: "a key", comparator: "LIKE", value: "x%" }],
    ['params."a ""key""" ILIKE "x"', { entity: "param", key: 'a "key"', comparator: "ILIKE", value: "x" }],
    ["`metrics`.`f1` = -1.5e-3", { entity: "metric", key: "f1", comparator: "=", value: -0.0015 }],
    ["attr.run_id in('a','b')", { entity: "attribute", key: "run_id", comparator: "IN", values: ["a", "b"] }],
    ["run_id  NOT   IN ( 'a' )", { entity: "attribute", key: "run_id", comparator: "NOT IN", values: ["a"] }],
    ["params.x is  not\n null", { entity: "param", key: "x", comparator: "IS NOT NULL" }],
    ["`Run name`='it''s'", { entity: "attribute", key: "Run name", comparator: "=", value: "it's" }],
    ["params.andy = 'and'", { entity: "param", key: "andy", comparator: "=", value: "and" }],
    ["metrics.train/loss > 1", { entity: "metric", key: "train/loss", comparator: ">", value: 1 }],
  ])("%s", (text, comparison) => expect(parseFilter(text)).toEqual([comparison]));

  test.each(["", "   ", "\n"])("%j compares nothing", (text) => expect(parseFilter(text)).toEqual([]));

  test.each([
    [
      "metrics.acc",
      `expected one of = != > >= < <= LIKE ILIKE IN, NOT IN, IS NULL, IS NOT NULL, got the end at character 12`,
    ],
    ["metrics.acc > ", "expected a number, or a text in quotes such as 'small', got the end at character 15"],
    [
      "metrics.acc > 0.5 or metrics.acc < 0.1",
      "expected AND or the end (OR and parentheses are not part of the grammar)",
    ],
    ["metrics.acc > 0.5 and", "expected a name such as metrics.loss, got the end at character 22"],
    ["params.lr = 'open", "expected a closing ', got \"'open\" at character 13"],
    ["loss.x > 1", 'expected attributes, metrics, params, tags or datasets before the point, got "loss"'],
    ["params. = 'x'", "expected a key after params."],
    ["run_id IN ()", "expected a number, or a text in quotes"],
    ["run_id IN ('a' 'b')", "expected , or )"],
    ["metrics.acc > 1x", "expected a number, or a text in quotes such as 'small', got \"1x\""],
    ["metrics.acc > 1; drop table runs", "expected AND or the end"],
    ["constructor.x = 'y'", "expected attributes, metrics"],
  ])("%s is refused with its place", (text, message) => {
    expect(() => parseFilter(text)).toThrow(message);
  });

  test("a filter of any length is refused or read, never hung on", () => {
    expect(() => parseFilter("a".repeat(10_001))).toThrow(
      "filter has 10001 characters, at most 10000 are allowed",
    );
    expect(() => parseFilter(`params.a = '${"'".repeat(9000)}`)).toThrow("expected a closing '");
  });
});

describe("laws", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const identifier = fc.record({
    entity: fc.constantFrom("attribute", "metric", "param", "tag", "dataset"),
    key: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  });
  const number = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (Object.is(value, -0) ? 0 : value));
  const comparison: fc.Arbitrary<Comparison> = fc
    .tuple(
      identifier,
      fc.oneof(
        fc.record({
          comparator: fc.constantFrom("=", "!=", ">", ">=", "<", "<="),
          value: fc.oneof(text, number),
        }),
        fc.record({ comparator: fc.constantFrom("LIKE", "ILIKE"), value: text }),
        fc.record({
          comparator: fc.constantFrom("IN", "NOT IN"),
          values: fc.array(text, { minLength: 1, maxLength: 4 }),
        }),
        fc.record({ comparator: fc.constantFrom("IS NULL", "IS NOT NULL") }),
      ),
    )
    .map(([left, right]) => ({ ...left, ...right }) as Comparison);

  test("what is printed is read back the same", () => {
    fc.assert(
      fc.property(fc.array(comparison, { maxLength: 5 }), (comparisons) => {
        expect(parseFilter(printFilter(comparisons))).toEqual(comparisons);
      }),
      { numRuns: 500 },
    );
  });

  test("any text is read or refused as a filter, nothing else happens", () => {
    const pieces = fc.array(
      fc.oneof(
        text,
        fc.constantFrom(
          "metrics.",
          "params",
          "`",
          "'",
          '"',
          " and ",
          " in ",
          "(",
          ")",
          "=",
          ">",
          "is null",
          "not",
          "1.5",
          ",",
          ".",
        ),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          parseFilter(parts.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
