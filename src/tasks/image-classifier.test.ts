import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { InvalidInput } from "../data/index.ts";
import { imageAugmentation } from "../image/index.ts";
import { float32, type NdArray } from "../tensor/index.ts";
import { imageClassification } from "./image-classification.ts";
import { type ClassifiedImage, imageClassifier, type PictureSize } from "./image-classifier.ts";

const folder = await mkdtemp(join(tmpdir(), "havn-image-classifier-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const heads = [
  { name: "rank", labels: ["ace", "two", "three"] },
  { name: "suit", labels: ["clubs", "hearts"] },
] as const;
const size = { height: 8, width: 8 };
const picture: PictureSize = { size, resize: size, interpolation: "bilinear" };
const classifier = imageClassifier({ heads, picture, augmentation: null });

const draw = (background: string, edge = 20) =>
  sharp({ create: { width: edge, height: edge, channels: 3, background } });
const jpeg = await draw("#ff8000").jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
const upload = (bytes: Uint8Array, name = "card.jpg") => ({ name, mediaType: "image/jpeg", bytes });

const frames = [await draw("#000000").png().toBuffer(), await draw("#ffffff").png().toBuffer()];
const animated = await sharp(frames, { join: { animated: true } })
  .gif()
  .toBuffer();
/** Few bytes that would unpack to 64 million pixels. */
const bomb = await draw("#000000", 8000).png({ compressionLevel: 9 }).toBuffer();

/** A file of the data with these bytes. */
async function stored(bytes: Uint8Array, labels = [1, 0]) {
  const file = join(folder, "card.jpg");
  await writeFile(file, bytes);
  return { name: "card.jpg", part: { file }, labels };
}

test("an upload is prepared exactly as the same file of the data", async () => {
  const fromData = await classifier.prepare(await stored(jpeg));
  const fromRequest = await classifier.prepare(upload(jpeg));
  expect(fromRequest.pixels).toEqual(fromData.pixels);
  expect(fromRequest.pixels).toMatchObject({ dtype: "uint8", shape: [3, 8, 8] });
  expect(fromData.labels).toEqual([1, 0]);
  expect(fromRequest.labels).toBeUndefined();
});

test("pictures are stacked, and labels where all are known", async () => {
  const example = await classifier.prepare(await stored(jpeg));
  const { pixel_values, rank, suit } = classifier.collate([example, { ...example, labels: [2, 1] }]);
  expect(pixel_values!.shape).toEqual([2, 3, 8, 8]);
  expect(rank!.data).toEqual(BigInt64Array.of(1n, 2n));
  expect(suit!.data).toEqual(BigInt64Array.of(0n, 1n));
  expect(Object.keys(classifier.collate([{ pixels: example.pixels }]))).toEqual(["pixel_values"]);
});

const outputs: Record<string, NdArray> = {
  rank_logits: float32([2, 3], [0, Math.log(2), 0, 5, 1, 1]),
  suit_logits: float32([2, 2], [0, 0, 0, Math.log(3)]),
};

test("each head answers with the probability of each of its labels", () => {
  const [first, second] = classifier.respond(outputs);
  expect(first!.rank).toEqual({
    label: "two",
    index: 1,
    probabilities: [
      { label: "ace", probability: expect.closeTo(0.25, 6) },
      { label: "two", probability: expect.closeTo(0.5, 6) },
      { label: "three", probability: expect.closeTo(0.25, 6) },
    ],
  });
  expect(second!.suit).toMatchObject({ label: "hearts", index: 1 });
  expect(classifier.label?.(second!)).toBe("ace hearts");
});

test("the confidence is that of all heads together, as the label names them together", () => {
  const [first, second] = classifier.respond(outputs);
  expect(classifier.confidence?.(first!)).toBeCloseTo(0.5 * 0.5, 6);
  expect(classifier.confidence?.(second!)).toBeCloseTo(second!.rank.probabilities[0]!.probability * 0.75, 6);
});

test.each([Number.NaN, Number.NEGATIVE_INFINITY])("a logit of %s is no answer", (logit) => {
  const damaged = { ...outputs, suit_logits: float32([2, 2], [0, 0, logit, 0]) };
  expect(() => classifier.respond(damaged)).toThrow(
    `the suit_logits of row 1 of the batch must be finite, got [${logit}, 0]: the model has diverged`,
  );
});

describe("judgement", () => {
  const right = { labels: [1, 0], predicted: [1, 0], probabilities: [0.5, 0.9] };
  const wrongRank = { labels: [1, 1], predicted: [2, 1], probabilities: [0.6, 0.8] };
  const outcomes: ClassifiedImage[] = [right, right, right, wrongRank];

  test("an outcome keeps the truth, what was predicted, and how surely", () => {
    const inputs = { rank: labels(1, 0), suit: labels(0, 0) };
    expect(classifier.outcomes(inputs, outputs, [])).toEqual([
      { labels: [1, 0], predicted: [1, 0], probabilities: [expect.closeTo(0.5, 6), 0.5] },
      { labels: [0, 0], predicted: [0, 1], probabilities: [expect.any(Number), expect.closeTo(0.75, 6)] },
    ]);
  });

  test("each head, both at once, and their mean", () => {
    expect(classifier.measure(outcomes)).toEqual({
      rank_accuracy: 0.75,
      suit_accuracy: 1,
      both_accuracy: 0.75,
      average_accuracy: 0.875,
    });
  });

  test("a confusion matrix for each head", () => {
    expect(classifier.confusions?.(outcomes)).toEqual([
      {
        name: "rank",
        labels: heads[0].labels,
        matrix: [
          [0, 0, 0],
          [0, 3, 1],
          [0, 0, 0],
        ],
      },
      {
        name: "suit",
        labels: heads[1].labels,
        matrix: [
          [3, 0],
          [0, 1],
        ],
      },
    ]);
  });

  test("mistakes are the images that any head was wrong about", () => {
    const rows = ["a", "b", "c", "d"].map((name) => ({ name, part: { file: name }, labels: [] }));
    expect(classifier.mistakes(rows, outcomes)).toEqual([
      {
        image: "d",
        ...{ rank: "two", predicted_rank: "three", rank_probability: 0.6 },
        ...{ suit: "hearts", predicted_suit: "hearts", suit_probability: 0.8 },
      },
    ]);
  });
});

const labels = (...values: number[]): NdArray => ({
  dtype: "int64",
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

test("a saved task prepares, varies and answers as it did", async () => {
  const augmentation = imageAugmentation.parse({ rotation: { degrees: 40 } });
  const saved = imageClassifier({ heads, picture, augmentation });
  await saved.save(folder);
  const opened = await imageClassification({ heads: { rank: heads[0], suit: heads[1] } }).open(folder);
  expect(await opened.prepare(upload(jpeg))).toEqual(await saved.prepare(upload(jpeg)));
  expect(opened.respond(outputs)).toEqual(saved.respond(outputs));
  const row = await stored(jpeg);
  const varied = await opened.prepareForTraining!(row, () => 0.9);
  expect(varied).toEqual(await saved.prepareForTraining!(row, () => 0.9));
  expect(varied.pixels).not.toEqual((await opened.prepare(row)).pixels);
});

describe("what is no picture is the sender's fault", () => {
  test.each([
    ["a truncated JPEG", jpeg.subarray(0, 200), "unreadable", "a whole JPEG"],
    ["nothing", new Uint8Array(), "unreadable", "an image"],
    ["SVG", Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), "unsupported", "SVG, which is markup"],
    ["an animated GIF", animated, "unsupported", "an animated GIF of 2 frames"],
    ["a decompression bomb", bomb, "too-large", "8000 x 8000 = 64000000"],
    ["text", Buffer.from("ace of clubs"), "unsupported", "text that begins"],
  ])("%s", async (_, bytes, reason, words) => {
    const error = await Promise.resolve(classifier.prepare(upload(bytes))).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error).toMatchObject({ reason, message: expect.stringContaining("card.jpg: expected") });
    expect((error as InvalidInput).message).toContain(words);
  });
});
