/** Classifying an image by several heads: preparation, judgement and answers, whatever model stands between. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InvalidInput, type InvalidInputReason } from "../data/index.ts";
import {
  collateImages,
  colorPlanes,
  type ImageAugmentation,
  ImageError,
  type ImageErrorCode,
  type ImagePreparation,
  type LoadImageOptions,
  loadImage,
  saveImagePreparation,
} from "../image/index.ts";
import type { UploadedFile } from "../serving/index.ts";
import { int64, type NdArray, type NdArrays } from "../tensor/index.ts";
import { confusionMatrix } from "../train/index.ts";
import { classProbabilities } from "./class-probabilities.ts";
import { imageFeatures } from "./image-features.ts";
import { readPart } from "./image-files.ts";
import type { Head, LabelledImage } from "./image-table.ts";
import type { Task } from "./task.ts";
import { type LabelAnswer, taskFile } from "./text-classifier.ts";

/** Input of the model: levels 0 to 255, uint8 [batch, 3, height, width]. */
export const pixelsName = "pixel_values";

export interface PreparedImage {
  /** uint8 [3, height, width] */
  readonly pixels: NdArray<"uint8">;
  /** By head. */
  readonly labels?: readonly number[];
}

/** The truth about an image and what the model thinks of it, head by head. */
export interface ClassifiedImage {
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
  /** Of what was predicted. */
  readonly probabilities: readonly number[];
}

/** One answer for each head, by its name. */
export type ImageAnswer<Name extends string = string> = Readonly<Record<Name, LabelAnswer>>;

export type ImageClassifier<Name extends string = string> = Task<
  LabelledImage,
  UploadedFile,
  PreparedImage,
  ClassifiedImage,
  ImageAnswer<Name>
>;

/** How a picture is given to a model that normalises by itself. */
export type PictureSize = Pick<ImagePreparation, "size" | "resize" | "interpolation">;

export interface ImageClassifierOptions<Name extends string> {
  readonly heads: readonly Head<Name>[];
  readonly picture: PictureSize;
  /** How training varies its pictures. */
  readonly augmentation: ImageAugmentation | null;
}

export function imageClassifier<Name extends string>({
  heads,
  picture,
  augmentation,
}: ImageClassifierOptions<Name>): ImageClassifier<Name> {
  return {
    streamed: true,
    async prepare(input) {
      if (!("part" in input)) return { pixels: await pixelsOf(input.bytes, input.name, picture) };
      const pixels = await pixelsOf(await readPart(input.part), input.name, picture);
      return { pixels, labels: input.labels };
    },
    ...(augmentation && {
      async prepareForTraining({ part, labels, name }, random) {
        const augment = { by: augmentation, random: { next: random } };
        return { pixels: await pixelsOf(await readPart(part), name, picture, { augment }), labels };
      },
    }),
    collate(examples) {
      const pixels = collateImages(examples.map(({ pixels }) => pixels));
      const known = examples.flatMap(({ labels }) => (labels === undefined ? [] : [labels]));
      const targets = heads.map(({ name }, i) => {
        const labels = known.map((labels) => labels[i]!);
        return [name, int64([labels.length], labels)] as const;
      });
      return {
        [pixelsName]: pixels,
        ...(known.length === examples.length && Object.fromEntries(targets)),
      };
    },
    lengthOf: () => 1,
    outcomes(inputs, outputs) {
      const answers = answersOf(heads, outputs);
      return answers.map((answer, row) => ({
        labels: heads.map(({ name }) => Number(inputs[name]!.data[row])),
        predicted: heads.map(({ name }) => answer[name].index),
        probabilities: heads.map(({ name }) => probabilityOf(answer[name])),
      }));
    },
    measure: (outcomes) => measure(outcomes, heads),
    respond: (outputs) => answersOf(heads, outputs),
    label: (answer) => heads.map(({ name }) => answer[name].label).join(" "),
    // Of all heads at once, as the label is.
    confidence: (answer) => heads.reduce((product, { name }) => product * probabilityOf(answer[name]), 1),
    async features(input, answer) {
      const bytes = "part" in input ? await readPart(input.part) : input.bytes;
      const ofHeads = heads.flatMap(({ name }): [string, string | number][] => [
        [name, answer[name].label],
        [`${name}_confidence`, probabilityOf(answer[name])],
      ]);
      return { ...(await imageFeatures(bytes)), ...Object.fromEntries(ofHeads) };
    },
    async save(folder) {
      await saveImagePreparation(folder, { ...picture, rescale: 1, mean: [0, 0, 0], std: [1, 1, 1] });
      await writeFile(join(folder, taskFile), `${JSON.stringify({ heads, augmentation }, null, 2)}\n`);
    },
    confusions: (outcomes) =>
      heads.map(({ name, labels }, i) => ({
        ...{ name, labels },
        matrix: countConfusion(outcomes, i, labels.length),
      })),
    mistakes: (rows, outcomes) => rows.flatMap((row, i) => mistakeOf(row, outcomes[i]!, heads)),
  };
}

/** What is the fault of whoever sent the image, and of which kind. */
const reasons: Partial<Record<ImageErrorCode, InvalidInputReason>> = {
  empty_image: "unreadable",
  damaged_image: "unreadable",
  unsupported_format: "unsupported",
  animated_image: "unsupported",
  too_many_pixels: "too-large",
};

async function pixelsOf(
  bytes: Uint8Array,
  name: string,
  picture: PictureSize,
  options: LoadImageOptions = {},
): Promise<NdArray<"uint8">> {
  try {
    return colorPlanes(await loadImage(bytes, picture, options));
  } catch (error) {
    const reason = error instanceof ImageError && reasons[error.code];
    if (!reason) throw error;
    const { expected, got, message } = error;
    throw new InvalidInput(reason, `${name}: ${message}`, { expected, got, cause: error });
  }
}

/** Share of images that each head is right about, all of them at once, and the mean of the heads. */
function measure(outcomes: readonly ClassifiedImage[], heads: readonly Head[]): Record<string, number> {
  const share = (isRight: (outcome: ClassifiedImage) => boolean) =>
    outcomes.filter(isRight).length / outcomes.length;
  const ofHead = heads.map(({ name }, i) => {
    const accuracy = share(({ labels, predicted }) => labels[i] === predicted[i]);
    return [`${name}_accuracy`, accuracy] as const;
  });
  const together = heads.length === 2 ? "both" : "all";
  return {
    ...Object.fromEntries(ofHead),
    [`${together}_accuracy`]: share(isRight),
    average_accuracy: ofHead.reduce((sum, [, accuracy]) => sum + accuracy, 0) / heads.length,
  };
}

const isRight = ({ labels, predicted }: ClassifiedImage): boolean =>
  labels.every((label, i) => label === predicted[i]);

const countConfusion = (outcomes: readonly ClassifiedImage[], head: number, classes: number): number[][] =>
  confusionMatrix(
    outcomes.map(({ labels }) => labels[head]!),
    outcomes.map(({ predicted }) => predicted[head]!),
    classes,
  );

/** One row of the table of mistakes: name, then truth, prediction and its probability for each head. */
function mistakeOf({ name }: LabelledImage, outcome: ClassifiedImage, heads: readonly Head[]) {
  if (isRight(outcome)) return [];
  const cells = heads.flatMap((head, i): [string, string | number][] => [
    [head.name, head.labels[outcome.labels[i]!]!],
    [`predicted_${head.name}`, head.labels[outcome.predicted[i]!]!],
    [`${head.name}_probability`, outcome.probabilities[i]!],
  ]);
  return [{ image: name, ...Object.fromEntries(cells) }];
}

/** One answer for each row of the logits, which are `HEAD_logits` [batch, labels]. */
function answersOf<Name extends string>(
  heads: readonly Head<Name>[],
  outputs: NdArrays,
): ImageAnswer<Name>[] {
  const [first] = heads as [Head<Name>];
  const rows = outputs[`${first.name}_logits`]!.shape[0]!;
  return Array.from({ length: rows }, (_, row) => {
    const answers = heads.map((head) => [head.name, answerOf(head, outputs, row)] as const);
    return Object.fromEntries(answers) as ImageAnswer<Name>;
  });
}

function answerOf({ name, labels }: Head, outputs: NdArrays, row: number): LabelAnswer {
  const { data } = outputs[`${name}_logits`] as NdArray<"float32">;
  const logits = data.subarray(row * labels.length, (row + 1) * labels.length);
  const probabilities = classProbabilities(logits, { name: `${name}_logits`, row });
  const index = probabilities.indexOf(Math.max(...probabilities));
  const named = labels.map((label, i) => ({ label, probability: probabilities[i]! }));
  return { label: labels[index]!, index, probabilities: named };
}

const probabilityOf = ({ index, probabilities }: LabelAnswer): number => probabilities[index]!.probability;
