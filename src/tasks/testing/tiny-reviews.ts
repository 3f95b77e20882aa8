/** Forty rows of the movie reviews and a model that learns them in a second. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const reviews = fileURLToPath(new URL("../../../projects/movie-reviews/data/", import.meta.url));

/** Rows of each label in each split: forty in all. */
const rowsOfLabel = { train: 12, validation: 4, test: 4 };

/** A model of one layer and width 16, two epochs of three steps. */
export const tinyModel = [
  "model.architecture.dim=16",
  "model.architecture.n_layers=1",
  "model.architecture.n_heads=2",
  "model.architecture.hidden_dim=32",
  "training.epochs=2",
  "training.batch_size=8",
] as const;

/**
 * Writes train.csv, validation.csv and test.csv into a folder.
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
  return [...(await Promise.all(splits)), ...tinyModel];
}
