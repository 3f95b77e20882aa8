import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bertVocabulary } from "./bert-vocabulary.ts";
import { bertweet } from "./bertweet.ts";
import { byteLevelBpe } from "./byte-level-bpe.ts";
import { openTokenizer } from "./hugging-face-tokenizer.ts";
import { TextError } from "./text-error.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { readJson } from "./tokenizer-files.ts";
import type { TokenizerFormat } from "./tokenizer-format.ts";
import { tokenizerConfig, tokenizerJson } from "./tokenizer-json.ts";

const completeTokenizer: TokenizerFormat = {
  files: ["tokenizer.json"],
  async open(folder, config) {
    const file = join(folder, "tokenizer.json");
    return openTokenizer({ config, tokenizer: await readJson(file, tokenizerJson) }, folder);
  },
};

/** Kinds of folders, the first that fits is taken; like the Python library, BERTweet's own files before a tokenizer.json. */
const formats: readonly TokenizerFormat[] = [bertweet, completeTokenizer, byteLevelBpe, bertVocabulary];

const CONFIG = "tokenizer_config.json";

/** Names of all files that `loadTokenizer` may look at; a folder has some of them. */
export const tokenizerFileNames: readonly string[] = [
  ...new Set([...formats.flatMap(({ files }) => files), CONFIG]),
];

/**
 * Reads a tokenizer folder as Hugging Face writes it: `tokenizer.json`, or the vocabulary alone of a BERT
 * (lower-casing unless `tokenizer_config.json` says otherwise), a RoBERTa, a GPT-2 or a BERTweet.
 *
 * @throws {TextError} when the folder holds no tokenizer that can be read
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new TextError("missing_file", folder, "is no folder that can be read", { cause });
  });
  const format = formats.find(({ files }) => files.every((name) => names.includes(name)));
  if (format === undefined)
    throw new TextError(
      "missing_file",
      folder,
      `must hold a tokenizer (${formats.map(({ files }) => files.join(" and ")).join(", or ")}), got ${
        names.sort().join(", ") || "nothing"
      }`,
    );
  const config = names.includes(CONFIG) ? await readJson(join(folder, CONFIG), tokenizerConfig) : {};
  return format.open(folder, config);
}
