import { z } from "zod";

const specialToken = z.union([z.string(), z.looseObject({ content: z.string() })]);

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
  normalizer: z.looseObject({ type: z.string() }).nullable().default(null),
  pre_tokenizer: z.looseObject({ type: z.string() }).nullable().default(null),
  post_processor: z.looseObject({ type: z.string() }).nullable().default(null),
  decoder: z.looseObject({ type: z.string() }).nullable().default(null),
  model: z.looseObject({
    type: z.enum(["WordPiece", "BPE", "Unigram"]).optional(),
    vocab: z.union([z.record(z.string(), z.int()), z.array(z.tuple([z.string(), z.number()]))]),
  }),
});
export type TokenizerJson = z.infer<typeof tokenizerJson>;

/** tokenizer_config.json, as far as Havn looks into it. */
export const tokenizerConfig = z.looseObject({
  tokenizer_class: z.string().optional(),
  do_lower_case: z.boolean().optional(),
  strip_accents: z.boolean().nullable().optional(),
  tokenize_chinese_chars: z.boolean().optional(),
  pad_token: specialToken.nullable().optional(),
  unk_token: specialToken.nullable().optional(),
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
