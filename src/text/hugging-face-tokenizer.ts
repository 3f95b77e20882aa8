import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { encode, type TokenizerModel } from "./encode.ts";
import { cuttingPlaces, leadingTokens } from "./leading-tokens.ts";
import { applyOwnSteps, type Library } from "./own-steps.ts";
import { TextError } from "./text-error.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { writeTokenizerFiles } from "./tokenizer-files.ts";
import { contentOf, type TokenizerFiles } from "./tokenizer-json.ts";

/**
 * The tokenizer that a tokenizer.json describes.
 *
 * @param origin file or folder it came from, for errors
 * @throws {TextError} when it has a step that is not known
 */
export function openTokenizer(files: TokenizerFiles, origin: string): Tokenizer {
  try {
    return open(files);
  } catch (cause) {
    throw new TextError("invalid_file", origin, `holds a tokenizer that is not supported: ${String(cause)}`, {
      cause,
    });
  }
}

function open(files: TokenizerFiles): Tokenizer {
  const library: Library = new HuggingFaceTokenizer(files.tokenizer, files.config);
  applyOwnSteps(library, files.tokenizer);
  const unknownId = library.model.unk_token_id ?? 0;
  const cuts = cuttingPlaces(files.tokenizer);
  // RoBERTa has one type of segment, whatever the library says.
  const knowsSegments = files.tokenizer.post_processor?.type !== "RobertaProcessing";

  const tokenize = (text: string): string[] => library.tokenize(text, { add_special_tokens: false });
  const model: TokenizerModel = {
    tokenize: (text, limit) =>
      cuts === null || limit === Number.POSITIVE_INFINITY
        ? tokenize(text)
        : leadingTokens(text, limit, cuts, tokenize),
    frame(first, second, special) {
      const framed = library.post_processor?.(first, second, special);
      if (framed === undefined) return { tokens: first.concat(second ?? []) };
      return { tokens: framed.tokens, typeIds: knowsSegments ? framed.token_type_ids : undefined };
    },
    idOf: (token) => library.token_to_id(token) ?? unknownId,
    oddToken: "second",
  };
  return {
    size: library.model.vocab.length,
    padId: library.token_to_id(contentOf(files.config.pad_token) ?? "[PAD]") ?? 0,
    encode: (text, options) => encode(model, text, options),
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
