/** The steps of a tokenizer.json that Havn does itself, where @huggingface/tokenizers differs from the Rust library. */
import { bertNormalizer } from "./bert-normalizer.ts";
import { bytePairs } from "./byte-pairs.ts";
import { precompiledNormalizer } from "./precompiled-normalizer.ts";
import type { Step, TokenizerJson } from "./tokenizer-json.ts";
import { unigramSegmenter } from "./unigram.ts";

/** What Havn uses of the library, whose own declarations do not resolve (their imports have no extension). */
export interface Library {
  readonly normalizer: LibraryNormalizer | null;
  readonly pre_tokenizer: LibraryPreTokenizer | null;
  readonly model: {
    readonly vocab: readonly string[];
    readonly unk_token_id?: number;
    fuse_unk: boolean;
    encode(words: string[]): string[];
    bpe?(word: string): readonly string[];
  };
  readonly post_processor:
    | ((
        first: string[],
        second: string[] | null,
        special: boolean,
      ) => { tokens: string[]; token_type_ids?: number[] })
    | null;
  tokenize(text: string, options: { add_special_tokens: boolean }): string[];
  token_to_id(token: string): number | undefined;
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string;
}

interface LibraryNormalizer {
  readonly config: unknown;
  readonly normalizers?: readonly (LibraryNormalizer | null)[];
  normalize(text: string): string;
}

interface LibraryPreTokenizer {
  readonly tokenizers?: readonly (LibraryPreTokenizer | null)[];
  /** How `ByteLevel` splits. */
  pattern?: RegExp;
  pre_tokenize_text(text: string): string[];
}

/** Puts Havn's own steps in the places of the library's. */
export function applyOwnSteps(library: Library, { normalizer, pre_tokenizer, model }: TokenizerJson): void {
  replaceNormalizer(library.normalizer, normalizer);
  replacePreTokenizer(library.pre_tokenizer, pre_tokenizer);
  if (model.type === "Unigram" || Array.isArray(model.vocab)) {
    const segment = unigramSegmenter(model);
    library.model.encode = (words) => words.flatMap(segment);
    library.model.fuse_unk = false;
  }
  if (model.merges !== undefined) {
    const suffix = model.end_of_word_suffix ?? "";
    const split = bytePairs(model.merges, { endOfWordSuffix: suffix });
    library.model.bpe = (word) => {
      const pieces = split(word);
      return suffix === "" ? pieces : [...pieces.slice(0, -1), pieces.at(-1) + suffix];
    };
  }
}

function replaceNormalizer(library: LibraryNormalizer | null | undefined, config: Step | null): void {
  if (!library || config === null) return;
  config.normalizers?.forEach((part, index) => {
    replaceNormalizer(library.normalizers?.[index], part);
  });
  const own = normalizers.get(config.type);
  if (own) library.normalize = own(config);
}

const normalizers = new Map([
  ["BertNormalizer", bertNormalizer],
  ["Precompiled", precompiledNormalizer],
]);

function replacePreTokenizer(library: LibraryPreTokenizer | null | undefined, config: Step | null): void {
  if (!library || config === null) return;
  config.pretokenizers?.forEach((part, index) => {
    replacePreTokenizer(library.tokenizers?.[index], part);
  });
  // JavaScript's \s has U+FEFF, which Unicode's white space has not, and lacks U+0085, which it has.
  if (config.type === "WhitespaceSplit") library.pre_tokenize_text = (text) => text.match(WORD) ?? [];
  if (config.type === "ByteLevel") library.pattern = BYTE_LEVEL_WORD;
}

const WORD = /\P{White_Space}+/gu;
/** GPT-2's words (Radford et al. 2019, `encoder.py`). */
export const BYTE_LEVEL_WORD =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
