import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { bertTokenizerJson } from "./bert-tokenizer-json.ts";
import { TextError } from "./text-error.ts";
import { type TokenizerFiles, tokenizerConfig, tokenizerJson } from "./tokenizer-json.ts";

/**
 * Reads the files of a Hugging Face tokenizer: `tokenizer.json`, or the `vocab.txt` of a BERT, each with
 * `tokenizer_config.json` where there is one.
 *
 * @throws {TextError} when the folder holds neither, or a file is not what it should be
 */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new TextError("missing_file", folder, "is no folder that can be read", { cause });
  });
  const config = names.includes("tokenizer_config.json")
    ? await readJson(join(folder, "tokenizer_config.json"), tokenizerConfig)
    : {};
  if (names.includes("tokenizer.json"))
    return { config, tokenizer: await readJson(join(folder, "tokenizer.json"), tokenizerJson) };
  if (names.includes("vocab.txt") && !names.includes("bpe.codes")) {
    const file = join(folder, "vocab.txt");
    return bertTokenizerJson(await readFile(file, "utf8"), config, file);
  }
  throw new TextError(
    "missing_file",
    folder,
    `has no tokenizer.json, and no vocab.txt of a BERT; found ${names.sort().join(", ") || "nothing"}`,
  );
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new TextError("invalid_file", file, `is not as Hugging Face writes it: ${reason}`, { cause });
  }
}

/** Writes the files that `readTokenizerFiles` and the Python library read; `vocab.txt` for a WordPiece vocabulary. */
export async function writeTokenizerFiles(
  folder: string,
  { tokenizer, config }: TokenizerFiles,
): Promise<void> {
  const special = Object.entries(config).filter(([key, value]) => key.endsWith("_token") && value !== null);
  const asJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "tokenizer.json"), asJson(tokenizer));
  await writeFile(join(folder, "tokenizer_config.json"), asJson(config));
  if (special.length > 0)
    await writeFile(join(folder, "special_tokens_map.json"), asJson(Object.fromEntries(special)));
  const { type, vocab } = tokenizer.model;
  if (type !== "WordPiece" || Array.isArray(vocab)) return;
  const lines = Object.entries(vocab).sort(([, a], [, b]) => a - b);
  await writeFile(join(folder, "vocab.txt"), lines.map(([token]) => `${token}\n`).join(""));
}
