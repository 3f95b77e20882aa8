import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TextError } from "./text-error.ts";
import type { TokenizerFiles, TokenizerJson } from "./tokenizer-json.ts";

/** @throws {TextError} when the file is not there, no JSON, or something else than the schema says */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new TextError("invalid_file", file, `is not as Hugging Face writes it: ${reason}`, { cause });
  }
}

/**
 * Writes the files that `loadTokenizer` and the Python library read; beside tokenizer.json also the vocabulary as
 * older programs expect it.
 */
export async function writeTokenizerFiles(
  folder: string,
  { tokenizer, config }: TokenizerFiles,
): Promise<void> {
  const special = Object.entries(config).filter(([key, value]) => key.endsWith("_token") && value !== null);
  const contents = {
    "tokenizer.json": asJson(tokenizer),
    "tokenizer_config.json": asJson(config),
    ...(special.length > 0 && { "special_tokens_map.json": asJson(Object.fromEntries(special)) }),
    ...vocabularyFiles(tokenizer),
  };
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
}

const asJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const asLines = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

function vocabularyFiles({ model }: TokenizerJson): Record<string, string> {
  if (Array.isArray(model.vocab)) return {};
  if (model.type === "WordPiece") {
    const tokens = Object.entries(model.vocab).sort(([, a], [, b]) => a - b);
    return { "vocab.txt": asLines(tokens.map(([token]) => token)) };
  }
  if (model.merges === undefined) return {};
  const merges = model.merges.map((pair) => pair.join(" "));
  return {
    "vocab.json": JSON.stringify(model.vocab),
    "merges.txt": asLines(["#version: 0.2", ...merges]),
  };
}
