import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../nn/index.ts";
import { openInference } from "../tensor/index.ts";
import { openStore, type Store } from "../tracking/index.ts";
import { readCheckpoint } from "../train/index.ts";
import { evaluationRun } from "./evaluation-run.ts";
import { findModel, foundFiles } from "./find-model.ts";
import { lossShares } from "./image-classification-model.ts";
import { judgeModel } from "./judge-model.ts";
import { type ModelFiles, modelFiles } from "./model-folder.ts";
import { quantizeVersion } from "./model-variant.ts";
import { loadProject, type Project } from "./project.ts";
import { projectConfig } from "./project-config.ts";
import { registerRun } from "./registration.ts";
import { tinyCards } from "./testing/tiny-cards.ts";
import { trainingRun } from "./training-run.ts";

let home: string;
let cards: string[];
let store: Store;
let project: Project;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-cards-"));
  cards = await tinyCards(join(home, "cards"));
  store = await openStore({ home });
  project = await loadProject("playing-cards");
});
afterAll(async () => {
  await store.close();
  await rm(home, { recursive: true, force: true });
});

const configOf = (...overrides: string[]) =>
  projectConfig(project, [...cards, ...overrides], { command: "havn train playing-cards" });

/** Trains, and says what a person was told. */
async function train(...overrides: string[]) {
  const config = configOf(...overrides);
  const notes: string[] = [];
  const run = await trainingRun(project, {
    ...{ store, config },
    checkpoints: join(home, "checkpoints"),
    cache: join(home, "cache"),
    report: () => {},
    note: (message) => notes.push(message),
  });
  const { metrics } = await store.getRun(run.runId);
  const metricOf = (name: string) => metrics[name]?.value;
  return { ...run, config, notes, metricOf };
}

const weightsOf = async (runId: string) => {
  const { folder } = await modelFiles(store.artifacts(runId));
  return (await readSafetensors(join(folder, "model.safetensors"))).tensors;
};

describe("a frozen network", () => {
  let first: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    first = await train();
  });

  test("its features are computed once for every row, and found again by the next run", async () => {
    expect(first.notes.filter((note) => note.startsWith("features of"))).toEqual([
      expect.stringMatching(/^features of the 48 rows of train: computed once, in [\d.]+ s$/),
      expect.stringMatching(/^features of the 24 rows of validation: computed once, in [\d.]+ s$/),
    ]);
    const kept = await readdir(join(home, "cache/features"));
    expect(kept).toHaveLength(2);
    const again = await train();
    expect(again.notes.filter((note) => note.startsWith("features of"))).toEqual([
      "features of the 48 rows of train: computed by an earlier run",
      "features of the 24 rows of validation: computed by an earlier run",
    ]);
    expect(again.best).toBe(first.best);
    expect(again.metricOf("validation_loss")).toBe(first.metricOf("validation_loss"));
  });

  test("training on kept features gives the numbers of training through the whole network", async () => {
    // An augmentation that changes nothing still asks for the images of every epoch.
    const whole = await train("augmentation={horizontalFlip:0}");
    expect(whole.notes.filter((note) => note.startsWith("features of"))).toEqual([]);
    for (const metric of ["train_loss_epoch", "validation_loss"])
      expect(whole.metricOf(metric)).toBeCloseTo(first.metricOf(metric)!, 4);
    const [ofHeads, ofWhole] = [await weightsOf(first.runId), await weightsOf(whole.runId)];
    expect([...ofWhole.keys()]).toEqual([...ofHeads.keys()]);
    for (const [name, { data }] of ofHeads) {
      const other = ofWhole.get(name)!.data;
      const difference = Math.max(...[...data].map((x, i) => Math.abs(Number(x) - Number(other[i]))));
      expect(difference, name).toBeLessThan(name.startsWith("model.features.") ? 1e-12 : 1e-3);
    }
  });

  test("other weights, pictures or rows have other features", async () => {
    const kept = async () => (await readdir(join(home, "cache/features"))).length;
    const before = await kept();
    await train("seed=5", "training.epochs=1");
    expect(await kept()).toBe(before + 2);
    await train("model.picture.interpolation=bicubic", "training.epochs=1");
    expect(await kept()).toBe(before + 4);
    await train("data.limit=12", "training.epochs=1");
    expect(await kept()).toBe(before + 6);
  });

  test("its checkpoints hold what is trained, its finished model all of it", async () => {
    const folder = join(home, "checkpoints", first.runId);
    const [name] = await readdir(folder);
    const { state } = await readCheckpoint(join(folder, name!));
    expect([...state.parameters.keys()].some((name) => name.startsWith("model.features."))).toBe(false);
    const weights = await weightsOf(first.runId);
    expect(weights.has("model.features.0.0.weight")).toBe(true);
    expect(weights.get("model.features.0.1.num_batches_tracked")!.dtype).toBe("int64");
  });

  test("a checkpoint of the heads is judged with the features that they were trained on", async () => {
    // Of one epoch the newest checkpoint is the best.
    const { runId, config } = await train("training.epochs=1");
    const found = await findModel(join(home, "checkpoints", runId));
    const metrics = async (files: ModelFiles) => (await judgeModel(project, files, { config })).metrics;
    const workFolder = await mkdtemp(join(home, "work-"));
    expect(await metrics(await foundFiles(project, found, { config, workFolder }))).toEqual(
      await metrics(await modelFiles(store.artifacts(runId))),
    );
  });

  test("the finished model answers from pictures, beside what says how they are prepared", async () => {
    const { folder, program } = await modelFiles(store.artifacts(first.runId));
    const config = JSON.parse(await readFile(join(folder, "preprocessor_config.json"), "utf8"));
    expect(config).toMatchObject({ crop_size: { height: 32, width: 32 }, do_normalize: false });
    const task = await project.task.open(folder);
    const { test } = await project.task.read(first.config.task, { folder: project.folder, seed: 1 });
    const session = await openInference(program);
    const [answer] = task.respond(await session.run(task.collate([await task.prepare(test.rows[0])])));
    await session.close();
    expect(answer).toMatchObject({
      rank: { label: expect.any(String) },
      suit: { label: expect.any(String) },
    });
  });

  test("evaluation measures each head, both and their mean, and leaves a matrix for each", async () => {
    const { metrics, rows, folder } = await evaluationRun(project, first, { store, config: first.config });
    expect(rows).toBe(12);
    const { test_rank_accuracy, test_suit_accuracy, test_both_accuracy, test_average_accuracy } = metrics;
    expect(test_average_accuracy).toBeCloseTo((test_rank_accuracy! + test_suit_accuracy!) / 2, 10);
    expect(test_both_accuracy).toBeLessThanOrEqual(Math.min(test_rank_accuracy!, test_suit_accuracy!));
    for (const name of ["confusion-matrix-rank.json", "confusion-matrix-suit.json", "misclassified.csv"])
      expect(await store.artifacts(first.runId).stat(`${folder}/${name}`)).toBeDefined();
  });

  test("a smaller variant is made and judged as of any model", async () => {
    const version = await registerRun(project, first.runId, store);
    const variant = await quantizeVersion(project, version, {
      ...{ store, config: first.config, precision: "float16", sparsity: 0 },
      maxDrop: 1,
    });
    expect(variant.metric).toBe("average_accuracy");
    expect(variant.variant.sizeBytes).toBeLessThan(0.6 * variant.original.sizeBytes);
  });
});

describe("a network that is trained as a whole", () => {
  test("learns, follows its batches, and varies its pictures by the seed alone", async () => {
    const overrides = [
      ...["training.frozen=[]", "optimizer.learning_rate=3e-3"],
      ...["training.epochs=2", "augmentation={rotation:{degrees:20},colorJitter:{brightness:0.1}}"],
    ];
    const run = await train(...overrides);
    const weights = await weightsOf(run.runId);
    expect(weights.get("model.features.0.1.num_batches_tracked")!.data[0]).toBeGreaterThan(0n);
    const again = await train(...overrides);
    expect(again.metricOf("validation_loss")).toBe(run.metricOf("validation_loss"));
    expect(again.metricOf("train_loss_epoch")).toBe(run.metricOf("train_loss_epoch"));
  });

  test("parts that are frozen keep their statistics too", async () => {
    const run = await train(
      'training.frozen=["model.features.0.*","model.features.1.*"]',
      "training.epochs=1",
    );
    const batches = (part: number) =>
      `model.features.${part}.${part === 0 ? "1" : "block.0.1"}.num_batches_tracked`;
    const weights = await weightsOf(run.runId);
    expect(weights.get(batches(0))!.data[0]).toBe(0n);
    expect(weights.get(batches(1))!.data[0]).toBe(0n);
    expect(weights.get(batches(2))!.data[0]).toBeGreaterThan(0n);
  });
});

describe("pretrained features", () => {
  test("of the repository load, and their folded norms are measured before they are trained", async () => {
    const overrides = [
      ...["model.checkpoint=weights", "~model.architecture.width_mult"],
      ...["data.limit=16", "training.epochs=1", "training.frozen=[]"],
    ];
    const run = await train(...overrides);
    expect(run.notes[0]).toMatch(/^new weights for model\.classifier\.0\.weight, .*suit_head\.bias$/);
    const norm = (await weightsOf(run.runId)).get("model.features.0.1.running_mean")!;
    expect(Math.max(...[...norm.data].map((x) => Math.abs(Number(x))))).toBeGreaterThan(0.1);
  }, 120_000);

  test("a model that Havn has saved is a checkpoint too", async () => {
    const run = await train("training.epochs=1");
    const { folder } = await modelFiles(store.artifacts(run.runId));
    const next = await train(`model.checkpoint=${folder}`, "training.epochs=1");
    expect(next.notes.filter((note) => note.startsWith("new weights"))).toEqual([]);
  });

  test("a folder without weights says what it lacks", async () => {
    const empty = await mkdtemp(join(home, "empty-"));
    await expect(train(`model.checkpoint=${empty}`)).rejects.toThrow(
      "must have one of model.safetensors, features.safetensors",
    );
  });
});

test("heads that are not named share what is left of the loss", () => {
  const heads = ["a", "b", "c"].map((name) => ({ name, labels: [] }));
  expect(lossShares({ a: 0.5 }, heads)).toEqual({ a: 0.5, b: 0.25, c: 0.25 });
  expect(lossShares({ a: 1, b: 1, c: 1 }, heads)).toEqual({ a: 1, b: 1, c: 1 });
  expect(() => lossShares({ a: 0.8, b: 0.7 }, heads)).toThrow(
    "loss.weights must leave something to 1 for c, they come to 1.5",
  );
});

test("a head that the project does not have is refused", async () => {
  await expect(train("+loss.weights.colour=0.2")).rejects.toThrow(
    "loss.weights.colour is no head of this project; there are rank, suit",
  );
});
