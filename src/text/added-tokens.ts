import { z } from "zod";
import type { TokenizerConfig, TokenizerJson } from "./tokenizer-json.ts";

type AddedTokens = TokenizerJson["added_tokens"];

const flags = z.object({
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().default(false),
});

/**
 * The `added_tokens` of a folder that has no tokenizer.json: its special tokens, with the flags that
 * tokenizer_config.json gives them, and the tokens of its `added_tokens_decoder`.
 *
 * @param special what stands for what, such as "<pad>" for `pad_token`
 * @param idOf    id of a token of the vocabulary
 */
export function addedTokens(
  special: Readonly<Record<string, string>>,
  config: TokenizerConfig,
  idOf: (token: string) => number,
): AddedTokens {
  const tokens = new Map<string, AddedTokens[number]>();
  for (const [role, content] of Object.entries(special)) {
    const given = flags.safeParse(config[role]).data ?? flags.parse({});
    if (!tokens.has(content)) tokens.set(content, { id: idOf(content), content, ...given, special: true });
  }
  for (const [id, { content, special, ...given }] of Object.entries(config.added_tokens_decoder ?? {}))
    tokens.set(content, { id: Number(id), content, ...flags.parse(given), special });
  return [...tokens.values()].sort((a, b) => a.id - b.id);
}
