import fc from "fast-check";
import { expect, it } from "vitest";
import { parseCsv } from "./csv.ts";

it("reads quotes, commas and line breaks inside of fields", () => {
  expect(parseCsv('text,label\n"it\'s ""fine"", really",positive\r\n"two\nlines",\n')).toEqual([
    ["text", "label"],
    ['it\'s "fine", really', "positive"],
    ["two\nlines", ""],
  ]);
});

it("stops after the records that are wanted", () => {
  expect(parseCsv('a\nb\n"never closed', 2)).toEqual([["a"], ["b"]]);
  expect(parseCsv("a,b", 1)).toEqual([["a", "b"]]);
});

it("keeps what came before a mistake", () => {
  expect(parseCsv('a\n"b"c\nd')).toEqual([["a"]]);
});

it("has no records in an empty text", () => {
  expect(parseCsv("")).toEqual([]);
});

it("reads back what was written", () => {
  const printed = (records: string[][]) =>
    records.map((record) => `${record.map((f) => `"${f.replaceAll('"', '""')}"`).join(",")}\r\n`).join("");
  const records = fc.array(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }));
  fc.assert(
    fc.property(records, (records) => {
      expect(parseCsv(printed(records))).toEqual(records);
    }),
  );
});
