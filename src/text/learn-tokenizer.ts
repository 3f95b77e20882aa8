import { openTokenizer } from "./hugging-face-tokenizer.ts";
import { learnBytePairs } from "./learn-byte-pairs.ts";
import { BYTE_LEVEL_WORD } from "./own-steps.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { tokenizerConfig, tokenizerJson } from "./tokenizer-json.ts";

/** As T5 numbers them. */
const special = ["<pad>", "</s>", "<unk>"] as const;

/**
 * Learns a byte-level byte-pair encoding from texts (Radford et al. 2019, section 2.2), framed as T5 frames a text: its
 * end behind it. No text has characters that it does not know.
 * @param size of the vocabulary, at least 259: 3 special tokens and the 256 bytes
 * @throws {RangeError} when the size is less
 */
export function learnTokenizer(texts: Iterable<string>, { size }: { readonly size: number }): Tokenizer {
  const bytes = byteCharacters();
  const first = [...special, ...bytes];
  if (size < first.length) throw new RangeError(`size must be at least ${first.length}, got ${size}`);
  const merges = learnBytePairs(countWords(texts, bytes), size - first.length);
  const tokens = [...first, ...merges.map(([left, right]) => left + right)];
  const end = special[1];
  const frame = (...parts: string[]) =>
    parts.flatMap((id) => [{ Sequence: { id, type_id: 0 } }, { SpecialToken: { id: end, type_id: 0 } }]);
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const tokenizer = tokenizerJson.parse({
    ...{ version: "1.0", truncation: null, padding: null, normalizer: null },
    added_tokens: special.map((content, id) => ({ id, content, ...flags })),
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    post_processor: {
      ...{ type: "TemplateProcessing", single: frame("A"), pair: frame("A", "B") },
      special_tokens: { [end]: { id: end, ids: [1], tokens: [end] } },
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      ...{ type: "BPE", dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false },
      ...{ continuing_subword_prefix: "", end_of_word_suffix: "", ignore_merges: false },
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  });
  const config = tokenizerConfig.parse({
    ...{ tokenizer_class: "PreTrainedTokenizerFast", add_prefix_space: true },
    ...{ pad_token: special[0], eos_token: special[1], unk_token: special[2] },
  });
  return openTokenizer({ tokenizer, config }, "the tokenizer that was learnt");
}

/** How often each word is met, written in the characters of its bytes. */
function countWords(texts: Iterable<string>, bytes: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const word of ` ${text}`.match(BYTE_LEVEL_WORD) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  const spelled = (word: string) => Array.from(Buffer.from(word), (byte) => bytes[byte]!).join("");
  return new Map([...counts].map(([word, count]) => [spelled(word), count]));
}

/** A visible character for each byte: its own where it has one (GPT-2, `bytes_to_unicode`). */
function byteCharacters(): string[] {
  const isVisible = (byte: number) =>
    (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte <= 0xff && byte !== 0xad);
  let hidden = 0;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(isVisible(byte) ? byte : 0x100 + hidden++),
  );
}
