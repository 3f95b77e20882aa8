import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { addedTokens } from "./added-tokens.ts";
import { openTokenizer } from "./hugging-face-tokenizer.ts";
import { TextError } from "./text-error.ts";
import { readJson } from "./tokenizer-files.ts";
import type { TokenizerFormat } from "./tokenizer-format.ts";
import {
  mergeLine,
  type Step,
  specialTokens,
  type TokenizerConfig,
  type TokenizerFiles,
} from "./tokenizer-json.ts";

/** Byte-level byte-pair encoding (Radford et al. 2019, section 2.2) with its vocabulary and merges in files of their own. */
export const byteLevelBpe: TokenizerFormat = {
  files: ["vocab.json", "merges.txt"],
  async open(folder, config) {
    const [vocabularyFile, mergesFile] = [join(folder, "vocab.json"), join(folder, "merges.txt")];
    const vocabulary = await readJson(vocabularyFile, z.record(z.string(), z.int()));
    const merges = parseMerges(await readFile(mergesFile, "utf8"), mergesFile);
    return openTokenizer(byteLevelTokenizerJson(vocabulary, merges, config, vocabularyFile), folder);
  },
};

/** What tokenizer.json would say of such a folder. */
function byteLevelTokenizerJson(
  vocab: Readonly<Record<string, number>>,
  merges: [string, string][],
  given: TokenizerConfig,
  file: string,
): TokenizerFiles {
  const added = Object.entries(given.added_tokens_decoder ?? {});
  const addedIds = new Map(added.map(([id, { content }]) => [content, Number(id)]));
  const idOf = (token: string): number => {
    const id = Object.hasOwn(vocab, token) ? vocab[token] : addedIds.get(token);
    if (id !== undefined) return id;
    throw new TextError(
      "invalid_file",
      file,
      `must have the special token ${token}, which is not among its ${Object.keys(vocab).length} tokens`,
    );
  };
  const family = familyOf(vocab, given, file);
  const special = { ...family.special, ...specialTokens(given) };
  const add_prefix_space = given.add_prefix_space ?? false;
  return {
    config: { tokenizer_class: family.name, add_prefix_space, ...given, ...special },
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(special, given, idOf),
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space, trim_offsets: true, use_regex: true },
      post_processor: family.frame(special, idOf),
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: "",
        end_of_word_suffix: "",
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: { ...vocab },
        merges,
      },
    },
  };
}

/** Models that share the vocabulary's form, and differ in their special tokens. */
interface Family {
  readonly name: string;
  readonly special: Readonly<Record<string, string>>;
  frame(special: Readonly<Record<string, string>>, idOf: (token: string) => number): Step;
}

const roberta: Family = {
  name: "RobertaTokenizer",
  special: {
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "<unk>",
    sep_token: "</s>",
    pad_token: "<pad>",
    cls_token: "<s>",
    mask_token: "<mask>",
  },
  frame({ cls_token = "", sep_token = "" }, idOf) {
    const [sep, cls] = [sep_token, cls_token].map((token) => [token, idOf(token)]);
    return { type: "RobertaProcessing", sep, cls, trim_offsets: true, add_prefix_space: false };
  },
};

const gpt2: Family = {
  name: "GPT2Tokenizer",
  special: { bos_token: "<|endoftext|>", eos_token: "<|endoftext|>", unk_token: "<|endoftext|>" },
  frame: () => ({
    type: "TemplateProcessing",
    single: [{ Sequence: { id: "A", type_id: 0 } }],
    pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: {},
  }),
};

/** The family that tokenizer_config.json names; without it, the one whose special tokens the vocabulary has. */
function familyOf(
  vocab: Readonly<Record<string, number>>,
  { tokenizer_class }: TokenizerConfig,
  file: string,
): Family {
  const families = [roberta, gpt2];
  const named = tokenizer_class?.replace(/Fast$/, "");
  const family = families.find(({ name, special }) =>
    named === undefined
      ? Object.values(special).every((token) => Object.hasOwn(vocab, token)) &&
        !Object.hasOwn(vocab, CLIP_START)
      : named === name,
  );
  if (family) return family;
  throw new TextError(
    "invalid_file",
    file,
    `must be the vocabulary of a ${families.map(({ name }) => name).join(" or a ")}, got ${
      named ? `that of a ${named}` : "that of another, by its special tokens"
    }; other kinds are read from tokenizer.json, which save_pretrained of the Python library writes`,
  );
}

// CLIP also has GPT-2's token, but other words and ends of words.
const CLIP_START = "<|startoftext|>";

/** Lines of two symbols, the first is merged first; the first line may tell the version. */
function parseMerges(text: string, file: string): [string, string][] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const versions = lines[0]?.startsWith("#version") ? 1 : 0;
  return lines.slice(versions).map((line, index) => {
    const { data, error } = mergeLine.safeParse(line);
    if (data) return data;
    const place = `line ${versions + index + 1}`;
    throw new TextError("invalid_file", file, `${place} ${error.issues[0]?.message}`);
  });
}
