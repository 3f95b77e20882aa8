import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bytePairs } from "./byte-pairs.ts";
import { encode, type TokenizerModel } from "./encode.ts";
import { leadingTokens } from "./leading-tokens.ts";
import { tweetNormalizer } from "./normalize-tweet.ts";
import { PYTHON_SPACE, pythonStrip, pythonWords } from "./python-words.ts";
import { splitAtTokens } from "./split-at-tokens.ts";
import { TextError } from "./text-error.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { TokenizerFormat } from "./tokenizer-format.ts";
import { specialTokens, type TokenizerConfig } from "./tokenizer-json.ts";

/**
 * BERTweet (Nguyen et al. 2020): byte-pair encoding in the files of fastBPE, "@@" behind every piece but a word's last.
 * As transformers' BertweetTokenizer it normalises tweets only where tokenizer_config.json has `normalization: true`.
 */
export const bertweet: TokenizerFormat = {
  files: ["bpe.codes", "vocab.txt"],
  async open(folder, config) {
    const [codesFile, vocabularyFile] = [join(folder, "bpe.codes"), join(folder, "vocab.txt")];
    const [codes, vocabulary] = await Promise.all([
      readFile(codesFile, "utf8"),
      readFile(vocabularyFile, "utf8"),
    ]);
    const special = { ...SPECIAL, ...specialTokens(config) };
    const ids = idsOf(vocabulary, special, config, vocabularyFile);
    const tokenizer = bertweetTokenizer(parseCodes(codes, codesFile), ids, special, config);
    return {
      ...tokenizer,
      async save(target) {
        const saved = { ...DEFAULTS, ...special, ...config };
        await mkdir(target, { recursive: true });
        await writeFile(join(target, "bpe.codes"), codes);
        await writeFile(join(target, "vocab.txt"), vocabulary);
        await writeFile(join(target, "tokenizer_config.json"), `${JSON.stringify(saved, null, 2)}\n`);
        await writeFile(join(target, "special_tokens_map.json"), `${JSON.stringify(special, null, 2)}\n`);
      },
    };
  },
};

const DEFAULTS = { tokenizer_class: "BertweetTokenizer", model_max_length: 128, normalization: false };

const SPECIAL = {
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  sep_token: "</s>",
  pad_token: "<pad>",
  cls_token: "<s>",
  mask_token: "<mask>",
};
type Special = typeof SPECIAL;

/** Ids of the vocabulary, and of the tokens that stand beside it. */
interface Ids {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly added: ReadonlyMap<string, number>;
}

function bertweetTokenizer(
  merges: readonly (readonly [string, string])[],
  { vocabulary, added }: Ids,
  special: Special,
  { normalization }: TokenizerConfig,
): Omit<Tokenizer, "save"> {
  const normalize = normalization ? tweetNormalizer() : (text: string) => text;
  const split = bytePairs(merges, { endOfWordSuffix: "</w>" });
  const addedTokens = [...added.keys()];
  const mayCut = !addedTokens.some((token) => token.includes(" "));
  const cuts = normalization ? BETWEEN_WORDS_OF_A_TWEET : BEFORE_SPACE;
  const unknownId = vocabulary.get(special.unk_token)!;
  const tokenOf = new Map([...vocabulary, ...added].map(([token, id]) => [id, token]));
  const specialIds = new Set(Object.values(special).map((token) => added.get(token)));

  const piecesOf = (word: string) => {
    const pieces = split(word);
    return pieces.map((piece, index) => (index < pieces.length - 1 ? `${piece}@@` : piece));
  };
  const tokenize = (text: string): string[] =>
    splitAtTokens(text, addedTokens).flatMap((part) =>
      added.has(part) ? [part] : (normalize(part).match(WORD) ?? []).flatMap(piecesOf),
    );
  const { cls_token: cls, sep_token: sep } = special;
  const model: TokenizerModel = {
    tokenize: (text, limit) => (mayCut ? leadingTokens(text, limit, cuts, tokenize) : tokenize(text)),
    frame(first, second, framed) {
      if (!framed) return { tokens: first.concat(second ?? []) };
      return { tokens: [cls, ...first, sep, ...(second ? [sep, ...second, sep] : [])] };
    },
    idOf: (token) => added.get(token) ?? vocabulary.get(token) ?? unknownId,
    oddToken: "first",
  };
  return {
    size: Math.max(...tokenOf.keys()) + 1,
    padId: model.idOf(special.pad_token),
    encode: (text, options) => encode(model, text, options),
    decode(ids, { skipSpecialTokens = false } = {}) {
      const kept = skipSpecialTokens ? ids.filter((id) => !specialIds.has(id)) : ids;
      const tokens = kept.map((id) => tokenOf.get(id) ?? special.unk_token);
      return pythonStrip(tokens.join(" ").replaceAll("@@ ", ""));
    },
  };
}

const WORD = new RegExp(`[^${PYTHON_SPACE}]+\\n?`, "gu");
const BEFORE_SPACE = new RegExp(`(?<=[^${PYTHON_SPACE}])(?= )`, "gu");
/**
 * Spaces between two words that the normaliser treats alike together and apart: none of its repairs spans them, nor does
 * one look for a space behind the first word or before the second.
 */
const BETWEEN_WORDS_OF_A_TWEET = /(?<=[bcfghijkoqruvwxyz])(?= +[b-moq-z])/gu;

/** One token and its count a line; the first four ids belong to special tokens. */
function idsOf(text: string, special: Special, { added_tokens_decoder }: TokenizerConfig, file: string): Ids {
  const { bos_token, pad_token, eos_token, unk_token } = special;
  const vocabulary = new Map([bos_token, pad_token, eos_token, unk_token].map((token, id) => [token, id]));
  linesOf(text).forEach((line, index) => {
    const stripped = pythonStrip(line);
    const space = stripped.lastIndexOf(" ");
    if (space === -1)
      throw new TextError(
        "invalid_file",
        file,
        `line ${index + 1} must be a token, a space and a count, got "${line}"`,
      );
    vocabulary.set(stripped.slice(0, space), vocabulary.size);
  });
  const added = new Map(
    Object.entries(added_tokens_decoder ?? {}).map(([id, { content }]) => [content, Number(id)]),
  );
  for (const token of Object.values(special)) {
    if (added.has(token)) continue;
    const beside = [...added.keys()].filter((other) => !vocabulary.has(other));
    added.set(token, vocabulary.get(token) ?? vocabulary.size + beside.length);
  }
  return { vocabulary, added };
}

/** Two symbols and their count a line, the first is merged first. */
function parseCodes(text: string, file: string): [string, string][] {
  return linesOf(text).map((line, index) => {
    const [left, right, count, more] = pythonWords(line);
    if (left !== undefined && right !== undefined && count !== undefined && more === undefined)
      return [left, right];
    const place = `line ${index + 1}`;
    throw new TextError("invalid_file", file, `${place} must be two symbols and their count, got "${line}"`);
  });
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
