import { expect, test } from "vitest";
import { partOfDataset } from "./part-of-dataset.ts";

const whole = {
  name: "train",
  source: "a.csv",
  hash: "that of the file",
  rows: [{ text: "a" }, { text: "b" }],
};

test("all rows have the hash of the file, some have their own", () => {
  expect(partOfDataset(whole, [...whole.rows], { name: "test" })).toEqual({ ...whole, name: "test" });
  const [first, second] = whole.rows.map((row) => partOfDataset(whole, [row]));
  expect(first).toMatchObject({ name: "train", source: "a.csv", rows: [{ text: "a" }] });
  expect(first!.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set([whole.hash, first!.hash, second!.hash]).size).toBe(3);
  expect(partOfDataset(whole, [{ text: "a" }]).hash).toBe(first!.hash);
});
