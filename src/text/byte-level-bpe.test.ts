import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadTokenizer } from "./index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-text-"));
});
afterEach(() => rm(folder, { recursive: true }));

const LETTERS = ["a", "b", "Ġ", "ab", "Ġa"];
const ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", ...LETTERS, "<mask>"];
const GPT2 = [...LETTERS, "<|endoftext|>"];
const MERGES = "#version: 0.2\na b\nĠ a\n";

async function write(tokens: string[], config?: object, merges = MERGES) {
  const vocabulary = Object.fromEntries(tokens.map((token, id) => [token, id]));
  await writeFile(join(folder, "vocab.json"), JSON.stringify(vocabulary));
  await writeFile(join(folder, "merges.txt"), merges);
  if (config) await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
}

test("RoBERTa is known by its special tokens", async () => {
  await write(ROBERTA);
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer).toMatchObject({ size: 10, padId: 1 });
  expect(tokenizer.encode("ab a<mask>", { pair: "b" })).toEqual({
    ids: [0, 7, 8, 9, 2, 2, 5, 2],
    typeIds: [0, 0, 0, 0, 0, 0, 0, 0],
  });
  expect(tokenizer.decode([0, 7, 8, 9, 2])).toBe("<s>ab a<mask></s>");
});

test("GPT-2 is known by its special token, and frames nothing", async () => {
  await write(GPT2);
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer.encode("ab a<|endoftext|>")).toEqual({ ids: [3, 4, 5], typeIds: [0, 0, 0] });
});

test("the configuration says how tokens are added", async () => {
  await write(ROBERTA, {
    tokenizer_class: "RobertaTokenizer",
    mask_token: { content: "<mask>", lstrip: true },
    added_tokens_decoder: { 10: { content: "bba", special: false } },
  });
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer.encode("a <mask> abba").ids).toEqual([0, 4, 9, 8, 10, 2]);
  expect(tokenizer.size).toBe(11);
});

describe("a folder is refused", () => {
  const message = () =>
    loadTokenizer(folder).then(
      () => "",
      (error: Error) => error.message.replaceAll(folder, "FOLDER"),
    );

  test("that is of another kind", async () => {
    await write([...GPT2, "<|startoftext|>"]);
    expect(await message()).toMatchInlineSnapshot(
      `"FOLDER/vocab.json: must be the vocabulary of a RobertaTokenizer or a GPT2Tokenizer, got that of another, by its special tokens; other kinds are read from tokenizer.json, which save_pretrained of the Python library writes"`,
    );
    await write(ROBERTA, { tokenizer_class: "CLIPTokenizerFast" });
    expect(await message()).toMatchInlineSnapshot(
      `"FOLDER/vocab.json: must be the vocabulary of a RobertaTokenizer or a GPT2Tokenizer, got that of a CLIPTokenizer; other kinds are read from tokenizer.json, which save_pretrained of the Python library writes"`,
    );
  });

  test("whose vocabulary lacks a special token", async () => {
    await write(ROBERTA, { mask_token: "<cloak>" });
    expect(await message()).toMatchInlineSnapshot(
      `"FOLDER/vocab.json: must have the special token <cloak>, which is not among its 10 tokens"`,
    );
  });

  test("whose merges are no pairs", async () => {
    await write(ROBERTA, undefined, `${MERGES}a b c\n`);
    expect(await message()).toMatchInlineSnapshot(
      `"FOLDER/merges.txt: line 4 must be two symbols with a space between, got "a b c""`,
    );
  });
});
