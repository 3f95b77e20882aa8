import { expect, test } from "vitest";
import { int64 } from "../tensor/index.ts";
import { batches, longestFirst, type Preparation } from "./index.ts";

/** Texts as their character codes, padded with zeros. */
const characters = {
  prepare: (text: string) => [...text].map((character) => character.charCodeAt(0)),
  lengthOf: (codes: number[]) => codes.length,
  collate(examples: readonly number[][]) {
    const longest = Math.max(...examples.map((codes) => codes.length));
    const padded = examples.flatMap((codes) => [
      ...codes,
      ...new Array<number>(longest - codes.length).fill(0),
    ]);
    return { codes: int64([examples.length, longest], padded) };
  },
} satisfies Preparation<string, number[]>;

test("a batch knows its rows", () => {
  const examples = ["a", "bcd", "ef"].map(characters.prepare);
  const groups = longestFirst(examples.map(characters.lengthOf), 2);
  const made = [...batches(examples, characters, groups)];
  expect(made.map(({ rows }) => rows)).toEqual([[1, 2], [0]]);
  expect(made.map(({ inputs }) => inputs.codes?.shape)).toEqual([
    [2, 3],
    [1, 1],
  ]);
  expect([...(made[0]?.inputs.codes?.data ?? [])].map(Number)).toEqual([98, 99, 100, 101, 102, 0]);
});

test("a batch is made when it is asked for", () => {
  let collated = 0;
  const counting = {
    collate(examples: readonly number[][]) {
      collated++;
      return characters.collate(examples);
    },
  };
  const making = batches([[1], [2]], counting, [[0], [1]]);
  expect(collated).toBe(0);
  making.next();
  expect(collated).toBe(1);
});
