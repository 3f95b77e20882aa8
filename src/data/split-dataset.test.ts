import fc from "fast-check";
import { expect, test } from "vitest";
import { splitDataset } from "./split-dataset.ts";

const shares = { train: 0.8, validation: 0.1, test: 0.1 };
const label = (row: { label: string }) => row.label;

test("every row goes to one part, and the parts have their shares", () => {
  const weights = fc.tuple(fc.nat(10), fc.nat(10), fc.nat(10)).filter((three) => three.some(Boolean));
  fc.assert(
    fc.property(fc.nat(500), weights, fc.integer(), (count, [train, validation, test], seed) => {
      const total = train + validation + test;
      const wanted = { train: train / total, validation: validation / total, test: test / total };
      const rows = [...Array(count).keys()];
      const split = splitDataset(rows, wanted, { seed });
      expect([...split.train, ...split.validation, ...split.test].sort((a, b) => a - b)).toEqual(rows);
      for (const part of ["train", "validation", "test"] as const) {
        expect(Math.abs(split[part].length - wanted[part] * count)).toBeLessThanOrEqual(1);
        if (wanted[part] === 0) expect(split[part]).toEqual([]);
      }
    }),
  );
});

test("stratified, each part keeps the proportions of the labels", () => {
  const labels = fc.array(fc.constantFrom("a", "a", "a", "b", "c"), { maxLength: 400 });
  fc.assert(
    fc.property(labels, fc.integer(), (names, seed) => {
      const rows = names.map((name, id) => ({ id, label: name }));
      const split = splitDataset(rows, shares, { seed, stratifyBy: label });
      for (const name of ["a", "b", "c"]) {
        const ofLabel = (part: typeof rows) => part.filter((row) => row.label === name).length;
        for (const part of ["train", "validation", "test"] as const)
          expect(Math.abs(ofLabel(split[part]) - shares[part] * ofLabel(rows))).toBeLessThanOrEqual(2);
      }
    }),
  );
});

test("the same seed gives the same split, another seed another, in the order of the rows", () => {
  const rows = [...Array(100).keys()];
  const train = (seed: number) => splitDataset(rows, shares, { seed }).train;
  expect(train(23)).toEqual(train(23));
  expect(train(23)).not.toEqual(train(24));
  expect(train(23)).toEqual(train(23).toSorted((a, b) => a - b));
});

test("shares that are no shares are refused", () => {
  const split = (train: number) => () => splitDataset([1], { ...shares, train }, { seed: 1 });
  expect(split(0.5)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: train, validation and test must add up to 1, got 0.5 + 0.1 + 0.1 = 0.7]`,
  );
  expect(split(-0.2)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: train must be between 0 and 1, got -0.2]`,
  );
});
