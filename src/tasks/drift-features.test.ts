import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openPredictionLog, readPredictions } from "../serving/index.ts";
import { openFileStore } from "../storage/index.ts";
import { loggedFeatures } from "./drift-features.ts";
import { imageClassifier } from "./image-classifier.ts";
import type { AnyTask } from "./task.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-drift-features-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const size = { height: 8, width: 8 };
const task = imageClassifier({
  heads: [{ name: "suit", labels: ["clubs", "hearts"] }],
  picture: { size, resize: size, interpolation: "bilinear" },
  augmentation: null,
}) as AnyTask;

const answer = {
  suit: {
    ...{ label: "hearts", index: 1 },
    probabilities: [
      { label: "clubs", probability: 0.25 },
      { label: "hearts", probability: 0.75 },
    ],
  },
};

const picture = (background: string) =>
  sharp({ create: { width: 20, height: 10, channels: 3, background } })
    .png()
    .toBuffer();

/** Logs an upload for each picture. */
async function log(...pictures: Uint8Array[]): Promise<void> {
  const predictions = openPredictionLog(folder);
  for (const [i, bytes] of pictures.entries())
    predictions.add({
      ...{ id: `request-${i}`, project: "cards", modelVersion: 1, time: i, latencyMs: 1, answer },
      input: { name: "card.png", mediaType: "image/png", bytes },
    });
  await predictions.close();
}

test("a logged picture has the features of the picture that was sent", async () => {
  const bytes = new Uint8Array(await picture("#808080"));
  await log(bytes);
  const sent = await task.features({ name: "card.png", mediaType: "image/png", bytes }, answer);
  const { rows, withoutFiles } = await loggedFeatures(
    task,
    readPredictions(folder),
    await openFileStore(folder),
  );
  expect(rows).toEqual([sent]);
  expect(withoutFiles).toBe(0);
  expect(sent).toMatchObject({ width: 20, height: 10, suit: "hearts", suit_confidence: 0.75 });
  expect(sent.brightness).toBeCloseTo(128, 9);
});

test("a prediction whose file is gone is counted, and the others stay", async () => {
  await log(await picture("#000000"), await picture("#ffffff"));
  const store = await openFileStore(folder);
  const [first] = await store.list("objects/");
  await store.delete(first!.name);
  const { rows, withoutFiles } = await loggedFeatures(task, readPredictions(folder), store);
  expect([rows.length, withoutFiles]).toEqual([1, 1]);
});
