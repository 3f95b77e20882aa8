/**
 * Text to numbers: Hugging Face tokenizers read from their folders, batches padded together, and what the projects do to
 * texts before.
 */
export { cleanTweet } from "./clean-tweet.ts";
export { learnTokenizer } from "./learn-tokenizer.ts";
export { loadTokenizer, tokenizerFileNames } from "./load-tokenizer.ts";
export { normalizeDanish } from "./normalize-danish.ts";
export { tweetNormalizer } from "./normalize-tweet.ts";
export { type PaddedTexts, padTogether } from "./pad-together.ts";
export { pythonStrip, pythonWords } from "./python-words.ts";
export { type TextCleaning, textCleaning, textCleanings } from "./text-cleaning.ts";
export { TextError } from "./text-error.ts";
export type { EncodeOptions, Encoding, Tokenizer } from "./tokenizer.ts";
