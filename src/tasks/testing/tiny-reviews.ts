/** Forty rows of the movie reviews and a model that learns them in a second. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const reviews = fileURLToPath(new URL("../../../projects/movie-reviews/data/", import.meta.url));

/** Rows of each label in each split: forty in all. */
const rowsOfLabel = { train: 12, validation: 4, test: 4 };

/** A WordPiece vocabulary of characters alone: a small table of embeddings, so small checkpoints. */
const characters = [..."abcdefghijklmnopqrstuvwxyz0123456789.,!?'-()"];
const vocabulary = [
  ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
  ...characters.flatMap((character) => [character, `##${character}`]),
];

/** A model of one layer and width 16, two epochs of three steps. */
const tinyModel = [
  `model.architecture.vocab_size=${vocabulary.length}`,
  "model.architecture.dim=16",
  "model.architecture.n_layers=1",
  "model.architecture.n_heads=2",
  "model.architecture.hidden_dim=32",
  "training.epochs=2",
  "training.batch_size=8",
] as const;

/**
 * Writes train.csv, validation.csv, test.csv and a tokenizer into a folder.
 * @returns the overrides that train a tiny model on them
 */
export async function tinyReviews(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const splits = Object.entries(rowsOfLabel).map(async ([split, count]) => {
    const file = join(folder, `${split}.csv`);
    const [header, ...rows] = (await readFile(join(reviews, `${split}.csv`), "utf8")).trimEnd().split("\n");
    const ofLabel = (label: string) => rows.filter((row) => row.endsWith(`,${label}`)).slice(0, count);
    await writeFile(file, [header, ...ofLabel("0"), ...ofLabel("1"), ""].join("\n"));
    return `data.${split}=${file}`;
  });
  const tokenizer = join(folder, "tokenizer");
  await mkdir(tokenizer, { recursive: true });
  await writeFile(join(tokenizer, "vocab.txt"), `${vocabulary.join("\n")}\n`);
  return [...(await Promise.all(splits)), `model.tokenizer=${tokenizer}`, ...tinyModel];
}
