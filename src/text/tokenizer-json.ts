import { z } from "zod";

const specialToken = z.union([z.string(), z.looseObject({ content: z.string() })]);

/** A step of a tokenizer.json; of type `Sequence` it has parts. */
const step = z.looseObject({
  type: z.string(),
  get normalizers() {
    return z.array(step).optional();
  },
  get pretokenizers() {
    return z.array(step).optional();
  },
});
export type Step = z.infer<typeof step>;

/** Two symbols with a space between, as older files write a merge. */
export const mergeLine = z.string().transform((line, context): [string, string] => {
  const [left, right, more] = line.split(" ");
  if (left && right && more === undefined) return [left, right];
  context.addIssue(`must be two symbols with a space between, got "${line}"`);
  return z.NEVER;
});

/** tokenizer.json, as far as Havn looks into it; the library reads the rest. */
export const tokenizerJson = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({
        id: z.int(),
        content: z.string(),
        special: z.boolean().default(false),
        lstrip: z.boolean().default(false),
        rstrip: z.boolean().default(false),
      }),
    )
    .default([]),
  normalizer: step.nullable().default(null),
  pre_tokenizer: step.nullable().default(null),
  post_processor: step.nullable().default(null),
  decoder: step.nullable().default(null),
  model: z.looseObject({
    type: z.enum(["WordPiece", "BPE", "Unigram"]).optional(),
    vocab: z.union([z.record(z.string(), z.int()), z.array(z.tuple([z.string(), z.number()]))]),
    merges: z.array(z.union([z.tuple([z.string(), z.string()]), mergeLine])).optional(),
    end_of_word_suffix: z.string().nullable().optional(),
  }),
});
export type TokenizerJson = z.infer<typeof tokenizerJson>;

/** tokenizer_config.json, as far as Havn looks into it. */
export const tokenizerConfig = z.looseObject({
  tokenizer_class: z.string().optional(),
  add_prefix_space: z.boolean().optional(),
  /** Whether BERTweet normalises tweets. */
  normalization: z.boolean().optional(),
  /** Tokens beside those of the vocabulary, or how those of it are to be treated, under their ids. */
  added_tokens_decoder: z
    .record(z.string(), z.looseObject({ content: z.string(), special: z.boolean().default(false) }))
    .optional(),
  do_lower_case: z.boolean().optional(),
  strip_accents: z.boolean().nullable().optional(),
  tokenize_chinese_chars: z.boolean().optional(),
  pad_token: specialToken.nullable().optional(),
  unk_token: specialToken.nullable().optional(),
  bos_token: specialToken.nullable().optional(),
  eos_token: specialToken.nullable().optional(),
  cls_token: specialToken.nullable().optional(),
  sep_token: specialToken.nullable().optional(),
  mask_token: specialToken.nullable().optional(),
});
export type TokenizerConfig = z.infer<typeof tokenizerConfig>;

/** What a tokenizer folder says, whichever files it said it in. */
export interface TokenizerFiles {
  readonly tokenizer: TokenizerJson;
  readonly config: TokenizerConfig;
}

/** Token text of an entry such as `pad_token`, which is written as a string or as an object. */
export const contentOf = (token: z.infer<typeof specialToken> | null | undefined): string | undefined =>
  typeof token === "string" ? token : token?.content;

const ROLES = [
  "bos_token",
  "eos_token",
  "unk_token",
  "sep_token",
  "pad_token",
  "cls_token",
  "mask_token",
] as const;

/** The special tokens that a configuration names, under their roles. */
export const specialTokens = (config: TokenizerConfig): Record<string, string> =>
  Object.fromEntries(
    ROLES.flatMap((role) => {
      const content = contentOf(config[role]);
      return content === undefined ? [] : [[role, content]];
    }),
  );
