import * as fc from "fast-check";
import { expect, test } from "vitest";
import { spreadRows } from "./spread-rows.ts";

test("rows that are sorted by their label are taken of each label, in proportion and in order", () => {
  const rows = [..."aaaaaaaabbbb"].map((label, id) => ({ id, label }));
  expect(spreadRows(rows, 6, ({ label }) => label).map(({ id }) => id)).toEqual([0, 2, 4, 6, 8, 10]);
});

test("labels that come in turns are not missed by even steps", () => {
  const rows = Array.from({ length: 500 }, (_, i) => (i % 10 === 0 ? "rare" : "frequent"));
  const some = spreadRows(rows, 50, (label) => label);
  expect(some.filter((label) => label === "rare")).toHaveLength(5);
});

test("there are as many as the limit says, each once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), fc.integer({ min: 1, max: 20 }), (labels, limit) => {
      const rows = labels.map((label) => ({ label }));
      const some = spreadRows(rows, limit, ({ label }) => label);
      expect(some).toHaveLength(Math.min(limit, rows.length));
      expect(new Set(some).size).toBe(some.length);
      expect(spreadRows(rows, null, ({ label }) => label)).toBe(rows);
    }),
  );
});
