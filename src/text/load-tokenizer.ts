import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { bertNormalizing, normalizeBert } from "./bert-normalizer.ts";
import { cuttingPlaces, leadingTokens } from "./leading-tokens.ts";
import { TextError } from "./text-error.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";
import { readTokenizerFiles, writeTokenizerFiles } from "./tokenizer-files.ts";
import { contentOf, type TokenizerFiles } from "./tokenizer-json.ts";
import { truncatedLengths } from "./truncate.ts";

/**
 * Reads a tokenizer folder as Hugging Face writes it: `tokenizer.json`, or of a BERT only `vocab.txt` (lower-casing
 * unless `tokenizer_config.json` says otherwise).
 *
 * @throws {TextError} when the folder holds no tokenizer that can be read
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const files = await readTokenizerFiles(folder);
  try {
    return openTokenizer(files);
  } catch (cause) {
    throw new TextError("invalid_file", folder, `holds a tokenizer that is not supported: ${String(cause)}`, {
      cause,
    });
  }
}

/** What Havn uses of the library, whose own declarations do not resolve (their imports have no extension). */
interface Library {
  normalizer: ((text: string) => string) | null;
  readonly model: { readonly vocab: readonly string[]; readonly unk_token_id?: number };
  readonly post_processor: ((first: string[], second: string[] | null, special: boolean) => Framed) | null;
  tokenize(text: string, options: { add_special_tokens: boolean }): string[];
  token_to_id(token: string): number | undefined;
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string;
}

interface Framed {
  readonly tokens: string[];
  readonly token_type_ids?: number[];
}

function openTokenizer(files: TokenizerFiles): Tokenizer {
  const library: Library = new HuggingFaceTokenizer(files.tokenizer, files.config);
  const { normalizer } = files.tokenizer;
  if (normalizer?.type === "BertNormalizer") {
    const steps = bertNormalizing.parse(normalizer);
    library.normalizer = (text) => normalizeBert(text, steps);
  }
  const unknownId = library.model.unk_token_id ?? 0;
  const cuts = cuttingPlaces(files.tokenizer);

  const tokenize = (text: string): string[] => library.tokenize(text, { add_special_tokens: false });
  const leading = (text: string, limit: number): string[] =>
    cuts === null || limit === Number.POSITIVE_INFINITY
      ? tokenize(text)
      : leadingTokens(text, limit, cuts, tokenize);
  const frame = (first: string[], second: string[] | null, special: boolean): Framed =>
    library.post_processor?.(first, second, special) ?? { tokens: first.concat(second ?? []) };

  const toEncoding = (first: string[], second: string[] | null, special: boolean): Encoding => {
    const { tokens, token_type_ids } = frame(first, second, special);
    const ids = tokens.map((token) => library.token_to_id(token) ?? unknownId);
    return { ids, typeIds: token_type_ids ?? new Array<number>(ids.length).fill(0) };
  };

  return {
    size: library.model.vocab.length,
    padId: library.token_to_id(contentOf(files.config.pad_token) ?? "[PAD]") ?? 0,
    encode(
      text,
      {
        maxLength = Number.POSITIVE_INFINITY,
        pair,
        addSpecialTokens = true,
        truncation = "longest_first",
      } = {},
    ) {
      const special = addSpecialTokens ? frame([], pair === undefined ? null : [], true).tokens.length : 0;
      const room = maxLength - special;
      if (!(room >= 0))
        throw new TextError(
          "invalid_option",
          "maxLength",
          `must be at least ${special}, the number of special tokens, got ${maxLength}`,
        );
      if (pair === undefined) return toEncoding(leading(text, room).slice(0, room), null, addSpecialTokens);
      const [first, second] = [tokenize(text), tokenize(pair)];
      const kept = truncatedLengths({ first: first.length, second: second.length }, room, truncation);
      return toEncoding(first.slice(0, kept.first), second.slice(0, kept.second), addSpecialTokens);
    },
    decode(ids, { skipSpecialTokens = false } = {}) {
      if (ids.length === 0) return "";
      return library.decode([...ids], {
        skip_special_tokens: skipSpecialTokens,
        clean_up_tokenization_spaces: false,
      });
    },
    save: (folder) => writeTokenizerFiles(folder, files),
  };
}
