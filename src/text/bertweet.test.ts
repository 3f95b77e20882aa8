import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadTokenizer } from "./index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-text-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write({
  codes = "a b 9\nab a</w> 3\n",
  vocabulary = "a@@ 9\nb 8\nab@@ 7\naba 3\n@USER 1\n",
  config = {},
}) {
  await writeFile(join(folder, "bpe.codes"), codes);
  await writeFile(join(folder, "vocab.txt"), vocabulary);
  await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
}

test("special tokens stand before the vocabulary, the mask behind it", async () => {
  await write({});
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer).toMatchObject({ size: 10, padId: 1 });
  expect(tokenizer.encode("aba abb x<mask>").ids).toEqual([0, 7, 6, 5, 3, 9, 2]);
  expect(tokenizer.decode([0, 7, 6, 5, 9, 2, 1])).toBe("<s> aba abb <mask> </s> <pad>");
  expect(tokenizer.decode([0, 7, 6, 5, 9, 2, 1], { skipSpecialTokens: true })).toBe("aba abb");
  expect(tokenizer.encode("b", { pair: "aba" }).ids).toEqual([0, 5, 2, 2, 7, 2]);
});

test("of a pair that is cut the first keeps the odd token, as in Python", async () => {
  await write({});
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer.encode("b b b", { pair: "aba aba aba", maxLength: 7 }).ids).toEqual([0, 5, 5, 2, 2, 7, 2]);
});

test("tweets are normalised if the configuration says so", async () => {
  await write({});
  expect((await loadTokenizer(folder)).encode("@aba").ids).toEqual([0, 3, 7, 2]);
  const codes = "@ U 9\n@U S 8\n@US E 7\n@USE R</w> 6\n";
  await write({ codes, config: { normalization: true } });
  expect((await loadTokenizer(folder)).encode("@aba").ids).toEqual([0, 8, 2]);
});

test("a limit gives the beginning of the whole, wherever a tweet could be cut", async () => {
  const letters = [..."abcdefghijklmnopqrstuvwxyz'.@#:/HTPURLSE1234567"];
  const vocabulary = letters.flatMap((letter) => [`${letter} 1`, `${letter}@@ 1`]).join("\n");
  await write({ codes: "", vocabulary, config: { normalization: true } });
  const tokenizer = await loadTokenizer(folder);
  const piece = fc.constantFrom(
    ..."our  of|dr|can't|ca n't|n 't |cannot|p|m|. |a . m . |7 p . m|'s|I'm|ai|n't |@you|http://a.b|".split(
      "|",
    ),
    ..."555 |123-|4567|. . .|<mask>|1 |&amp;|x\ty|\u0085|    ".split("|"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 0, max: 9 }), (pieces, maxLength) => {
      const [text, options] = [pieces.join(" "), { addSpecialTokens: false }];
      const all = tokenizer.encode(text, options).ids;
      expect(tokenizer.encode(text, { ...options, maxLength }).ids).toEqual(all.slice(0, maxLength));
    }),
    { numRuns: 500 },
  );
});

test("broken files are refused with the line", async () => {
  const message = () =>
    loadTokenizer(folder).catch((error: Error) => error.message.replaceAll(folder, "FOLDER"));
  await write({ codes: "a b 9\nc\n" });
  expect(await message()).toMatchInlineSnapshot(
    `"FOLDER/bpe.codes: line 2 must be two symbols and their count, got "c""`,
  );
  await write({ vocabulary: "a 9\n\nb 8\n" });
  expect(await message()).toMatchInlineSnapshot(
    `"FOLDER/vocab.txt: line 2 must be a token, a space and a count, got """`,
  );
});
