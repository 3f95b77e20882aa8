/**
 * Learns the vocabulary of the small model anew from all pairs:
 *   node projects/translator/tokenizer/build.ts FOLDER        with train.tsv.gz in it
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { readTable } from "../../../src/data/index.ts";
import { learnTokenizer, normalizeDanish } from "../../../src/text/index.ts";

/** Few, since the output layer computes a score for each: at 8,000 it is a third of a training step. */
const size = 8000;
/** Everyday sentences count more: there are far more of the parliament's, and they are longer. */
const weights = { tatoeba: 6, europarl: 1 };

const folder = process.argv[2];
if (folder === undefined)
  throw new Error("name the folder of train.tsv.gz: node projects/translator/tokenizer/build.ts FOLDER");
const pair = z.object({
  danish: z.string(),
  english: z.string(),
  source: z.enum(["europarl", "tatoeba"]),
});
const { rows } = await readTable(join(folder, "train.tsv.gz"), pair);
const texts = rows.flatMap(({ danish, english, source }) =>
  Array.from({ length: weights[source] }, () => [normalizeDanish(danish), english]).flat(),
);
const tokenizer = learnTokenizer(texts, { size });
const written = await mkdtemp(join(tmpdir(), "havn-tokenizer-"));
await tokenizer.save(written);
const here = fileURLToPath(new URL(".", import.meta.url));
await copyFile(join(written, "tokenizer_config.json"), join(here, "tokenizer_config.json"));
// Without line breaks and with each merge as one text: 200 kB in place of 550.
const { model, ...rest } = JSON.parse(await readFile(join(written, "tokenizer.json"), "utf8"));
const merges = model.merges.map((pair: [string, string]) => pair.join(" "));
await writeFile(
  join(here, "tokenizer.json"),
  `${JSON.stringify({ ...rest, model: { ...model, merges } })}\n`,
);
await rm(written, { recursive: true });
console.log(`${tokenizer.size} tokens from ${rows.length} pairs`);
