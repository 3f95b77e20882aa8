import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { addedTokens } from "./added-tokens.ts";
import { openTokenizer } from "./hugging-face-tokenizer.ts";
import { TextError } from "./text-error.ts";
import type { TokenizerFormat } from "./tokenizer-format.ts";
import { specialTokens, type TokenizerConfig, type TokenizerFiles } from "./tokenizer-json.ts";

/** A BERT that has only its vocabulary. */
export const bertVocabulary: TokenizerFormat = {
  files: ["vocab.txt"],
  async open(folder, config) {
    const file = join(folder, "vocab.txt");
    return openTokenizer(bertTokenizerJson(await readFile(file, "utf8"), config, file), folder);
  },
};

/**
 * What `tokenizer.json` would say of a BERT that has only its vocabulary: normaliser, WordPiece (Wu et al. 2016)
 * and the frame [CLS] text [SEP] pair [SEP]. Without a configuration it lower-cases, as bert-base-uncased does.
 *
 * @param vocabulary one token a line, the first has id 0
 * @param file       where it came from, for errors
 * @throws {TextError} when a special token is not in the vocabulary
 */
function bertTokenizerJson(vocabulary: string, given: TokenizerConfig, file: string): TokenizerFiles {
  const lines = vocabulary.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const ids = new Map(lines.map((token, id) => [token, id]));
  const special = {
    unk_token: "[UNK]",
    sep_token: "[SEP]",
    pad_token: "[PAD]",
    cls_token: "[CLS]",
    mask_token: "[MASK]",
    ...specialTokens(given),
  };
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id === undefined)
      throw new TextError(
        "invalid_file",
        file,
        `must have the special token ${token} on a line of its own, got ${lines.length} lines without it`,
      );
    return id;
  };
  const config: TokenizerConfig = {
    tokenizer_class: "BertTokenizer",
    do_lower_case: true,
    strip_accents: null,
    tokenize_chinese_chars: true,
    model_max_length: 512,
    ...given,
    ...special,
  };
  const framing = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const sequence = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
  const { cls_token: cls, sep_token: sep } = special;
  return {
    config,
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(special, given, idOf),
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: config.tokenize_chinese_chars,
        strip_accents: config.strip_accents,
        lowercase: config.do_lower_case,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: {
        type: "TemplateProcessing",
        single: [framing(cls, 0), sequence("A", 0), framing(sep, 0)],
        pair: [framing(cls, 0), sequence("A", 0), framing(sep, 0), sequence("B", 1), framing(sep, 1)],
        special_tokens: Object.fromEntries(
          [cls, sep].map((token) => [token, { id: token, ids: [idOf(token)], tokens: [token] }]),
        ),
      },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: special.unk_token,
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(ids),
      },
    },
  };
}
