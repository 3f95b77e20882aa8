/** Text to numbers: Hugging Face tokenizers read from their folders, and batches padded together. */
export { loadTokenizer } from "./load-tokenizer.ts";
export { type PaddedTexts, padTogether } from "./pad-together.ts";
export { TextError } from "./text-error.ts";
export type { EncodeOptions, Encoding, Tokenizer } from "./tokenizer.ts";
