/** Pictures of a few colours as cards, and a network for them that trains in seconds. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";

const colors = { clubs: "#208040", diamonds: "#2040c0", hearts: "#d02020", spades: "#202020" };
const brightness = { ace: 0.3, two: 0.6, three: 1.0 };
const rowsOfSplit = { train: 4, valid: 2, test: 1 };

/** A network a quarter as wide, from scratch, on pictures of 32 x 32: two epochs of six steps. */
export const tinyNetwork = [
  "model.checkpoint=null",
  "+model.architecture.width_mult=0.25",
  "model.picture.size={height:32,width:32}",
  "model.picture.resize={height:32,width:32}",
  "training.epochs=2",
  "training.batch_size=8",
  "training.workers=0",
] as const;

/**
 * Writes cards.csv and images into a folder: 48 to train on, 24 to validate, 12 to test, and a joker in each split.
 * @returns the overrides that train a tiny model on them
 */
export async function tinyCards(folder: string): Promise<string[]> {
  const lines = ["filepaths,rank,suit,data set"];
  for (const [split, count] of Object.entries(rowsOfSplit)) {
    for (const [suit, color] of Object.entries(colors))
      for (const [rank, light] of Object.entries(brightness))
        for (let i = 0; i < count; i++) {
          const name = `${split}/${rank} of ${suit}/${i}.png`;
          await writeCard(join(folder, name), color, light + 0.02 * i);
          lines.push(`${name},${rank},${suit},${split}`);
        }
    await writeCard(join(folder, `${split}/joker.png`), "#ffffff", 1);
    lines.push(`${split}/joker.png,joker,,${split}`);
  }
  await writeFile(join(folder, "cards.csv"), `${lines.join("\n")}\n`);
  return [`data.folder=${folder}`, ...tinyNetwork];
}

async function writeCard(file: string, background: string, brightness: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const card = sharp({ create: { width: 40, height: 40, channels: 3, background } });
  await writeFile(file, await card.modulate({ brightness }).png().toBuffer());
}
