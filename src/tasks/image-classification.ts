/** Image classification: one network with a head for each question about a picture. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { z } from "zod";
import { seededRandom } from "../data/index.ts";
import { imageAugmentation, imagePreparation, loadImagePreparation } from "../image/index.ts";
import { findCheckpoint, imageNetworkConfig } from "../nn/index.ts";
import type { UploadedFile } from "../serving/index.ts";
import { developmentMode, limitedData } from "./development-mode.ts";
import { imageClassificationModel, weightFiles } from "./image-classification-model.ts";
import {
  type ClassifiedImage,
  type ImageAnswer,
  imageClassifier,
  type PreparedImage,
} from "./image-classifier.ts";
import { readPart } from "./image-files.ts";
import {
  type Head,
  imageTableConfig,
  keptLabels,
  type LabelledImage,
  readImageTable,
} from "./image-table.ts";
import type { TaskContext, TaskKind } from "./task.ts";
import { TaskError } from "./task-error.ts";
import { taskFile } from "./text-classifier.ts";

const share = z.number().min(0).max(1);

const imageClassificationConfig = z.object({
  data: imageTableConfig,
  development_mode: developmentMode,
  model: z.looseObject({
    /** A folder with safetensors, or a name on the Hugging Face hub; null trains from scratch. */
    checkpoint: z.string().nullable(),
    /** Where it differs from torchvision's `mobilenet_v3_small`: `width_mult`, `dropout`, `mean`, `std`, ... */
    architecture: z.record(z.string(), z.unknown()),
    /** What pictures are made to before the network sees them. */
    picture: imagePreparation.pick({ size: true, resize: true, interpolation: true }),
  }),
  loss: z.strictObject({
    /** Shares of the heads; those that are not named share what is left to 1. */
    weights: z.record(z.string(), share),
    /** Share of the target that is spread over all labels, in training. */
    label_smoothing: share,
  }),
  /** How training varies its pictures; null leaves them as they are, so that features of a frozen network are kept. */
  augmentation: imageAugmentation.nullable(),
});

export type ImageClassificationConfig = z.output<typeof imageClassificationConfig>;

/**
 * The task of answering one or several questions about a picture, each with one of its labels.
 * @param heads the questions by name
 */
export function imageClassification<Name extends string>({
  heads: questions,
}: {
  heads: Readonly<Record<Name, Omit<Head, "name">>>;
}): TaskKind<
  ImageClassificationConfig,
  LabelledImage,
  UploadedFile,
  PreparedImage,
  ClassifiedImage,
  ImageAnswer<Name>
> {
  const names = Object.keys(questions) as Name[];
  const heads = names.map((name): Head<Name> => ({ name, ...questions[name] }));
  const task = ({ data, model, augmentation }: ImageClassificationConfig) =>
    imageClassifier({ heads: keptLabels(heads, data), picture: model.picture, augmentation });
  return {
    config: imageClassificationConfig,
    paths: {
      files: ["data.table"],
      filesIn: "data.folder",
      folders: ["data.folder", "model.checkpoint"],
    },
    async create(config) {
      requireHeads(config, names);
      return task(config);
    },
    async open(folder) {
      const { heads, augmentation } = savedTask(names).parse(
        JSON.parse(await readFile(join(folder, taskFile), "utf8")),
      );
      const picture = await loadImagePreparation(folder);
      return imageClassifier({ heads, picture, augmentation });
    },
    async sample({ name, part }) {
      const mediaType = `image/${extname(name).slice(1).replace("jpg", "jpeg")}`;
      return { name: basename(name), mediaType, bytes: await readPart(part) };
    },
    read: (config, { folder }) => readImageTable(limitedData(config), { folder, heads }),
    model: async (config, context, train) =>
      imageClassificationModel(config, {
        heads: keptLabels(heads, config.data),
        checkpoint: await checkpointFolder(config, context),
        random: seededRandom(context.seed, "first weights").next,
        async *sample() {
          const { prepare, collate } = task(config);
          for (const rows of sampleOf(train, context.seed))
            yield collate(await Promise.all(rows.map((row) => prepare(row))));
        },
      }),
  };
}

const savedTask = <Name extends string>(names: readonly Name[]) =>
  z.object({
    heads: z.array(z.object({ name: z.enum(names), labels: z.array(z.string()) })),
    augmentation: imageAugmentation.nullable(),
  });

/** Batches of equal size of a few hundred rows: enough for the means and variances of batch norms. */
function sampleOf<Row>(rows: readonly Row[], seed: number): Row[][] {
  const shuffled = seededRandom(seed, "sample").shuffle(rows);
  const size = Math.min(32, shuffled.length);
  const batches = Math.min(16, Math.floor(shuffled.length / size));
  return Array.from({ length: batches }, (_, i) => shuffled.slice(i * size, (i + 1) * size));
}

/** Names of heads are keys of the configuration, and must be those of the project. */
function requireHeads({ data, model, loss }: ImageClassificationConfig, names: readonly string[]): void {
  for (const [key, given] of Object.entries({ "data.labels": data.labels, "loss.weights": loss.weights })) {
    const unknown = Object.keys(given).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new TaskError(`${key}.${unknown} is no head of this project; there are ${names.join(", ")}`);
  }
  const architecture = imageNetworkConfig.safeParse(model.architecture);
  if (!architecture.success)
    throw new TaskError(`model.architecture: ${z.prettifyError(architecture.error)}`);
}

/** Folder of the weights; undefined where training starts from scratch. */
async function checkpointFolder(
  { model: { checkpoint } }: ImageClassificationConfig,
  { folder }: TaskContext,
): Promise<string | undefined> {
  if (checkpoint === null) return undefined;
  const ofProject = resolve(folder, checkpoint);
  if (existsSync(ofProject)) return ofProject;
  return findCheckpoint(checkpoint, { required: ["model.safetensors"], optional: weightFiles });
}
