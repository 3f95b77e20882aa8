import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCsv } from "./csv.ts";

test("a table begins with its columns", () => {
  expect(
    formatCsv([
      { text: "good", probability: 0.5 },
      { text: 'it says "so", twice\nor more', probability: 1 },
    ]),
  ).toBe('text,probability\r\ngood,0.5\r\n"it says ""so"", twice\nor more",1\r\n');
});

test("no rows are an empty file", () => {
  expect(formatCsv([])).toBe("");
});

test("a text cannot become a formula of a spreadsheet, a number stays one", () => {
  expect(formatCsv([{ text: "=1+1", value: -1 }])).toBe("text,value\r\n'=1+1,-1\r\n");
});

test("what is written can be read again", () => {
  const text = fc.string({ unit: "grapheme" }).filter((value) => !/^[=+\-@\t\r]/.test(value));
  const rows = fc.array(fc.record({ a: text, b: text }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(rows, (table) => {
      expect(parse(formatCsv(table), { columns: true, record_delimiter: "\r\n" })).toEqual(table);
    }),
  );
});
