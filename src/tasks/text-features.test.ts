import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readTable } from "../data/index.ts";
import { textFeatures } from "./text-features.ts";

test("counts are of code points, shares in percent of them", () => {
  expect(textFeatures("Å 👍🏽 ok!")).toEqual({
    characters: 8,
    words: 3,
    mean_word_length: 2,
    non_letter_percent: 62.5,
    upper_percent: 12.5,
  });
});

test("nothing has no features, and no division by zero", () => {
  expect(Object.values(textFeatures(""))).toEqual([0, 0, 0, 0, 0]);
});

const folder = fileURLToPath(new URL("../../../shared/goldens/drift/", import.meta.url));
const isThere = existsSync(folder);
if (!isThere) console.warn(`skipped: there are no golden descriptors of texts in ${folder}`);

const row = z.object({
  text: z.string(),
  desc_length: z.number(),
  desc_words: z.number(),
  desc_mean_word_length: z.number(),
  desc_non_letter_percent: z.number(),
  desc_upper_percent: z.number(),
});

describe.skipIf(!isThere)("descriptors of the golden texts", () => {
  test.each(["text_small_drift", "text_large_drift", "text_large_same"])("%s", async (name) => {
    const { rows } = await readTable(`${folder}${name}/current.csv`, row);
    for (const { text, ...golden } of rows) {
      const { characters, words, ...shares } = textFeatures(text);
      expect([characters, words]).toEqual([golden.desc_length, golden.desc_words]);
      // The file has six digits.
      expect(shares.mean_word_length).toBeCloseTo(golden.desc_mean_word_length, 5);
      expect(shares.non_letter_percent).toBeCloseTo(golden.desc_non_letter_percent, 5);
      expect(shares.upper_percent).toBeCloseTo(golden.desc_upper_percent, 5);
    }
  });
});
