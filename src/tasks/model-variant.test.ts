import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPredictionLog } from "../serving/index.ts";
import { type ModelVersion, openStore, type Store } from "../tracking/index.ts";
import { evaluationRun } from "./evaluation-run.ts";
import { versionFolder } from "./model-folder.ts";
import { exportVersion, quantizeVersion } from "./model-variant.ts";
import { openService } from "./open-service.ts";
import { loadProject, type Project } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import { registerRun } from "./registration.ts";
import { tinyModel } from "./testing/tiny-model.ts";
import { resumedConfig } from "./training-run.ts";

let folder: string;
let store: Store;
let project: Project;
let version: ModelVersion;
let config: ProjectConfig;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-variant-"));
  store = await openStore({ home: join(folder, "home") });
  project = await loadProject("movie-reviews");
  version = await tinyModel(folder, store);
  config = await resumedConfig(project, await store.getRun(version.runId!), store);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** Whatever the metric says: eight rows and a model of width 16 are no judges. */
const anyDrop = { maxDrop: 1, sparsity: 0 };

const answersOf = async (version: number) => {
  const predictions = openPredictionLog(join(folder, `predictions-${version}`));
  const service = await openService(project, { store, predictions, version });
  const response = await service.app.request("/inference", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ statement: "A warm and funny film." }),
  });
  const answer = await response.json();
  await service.close();
  await predictions.close();
  return { status: response.status, answer };
};

describe("a variant in int8", () => {
  test("is smaller, is registered with what it is, and answers as a service", async () => {
    const made = await quantizeVersion(project, version, { store, config, precision: "int8", ...anyDrop });
    expect(made).toMatchObject({
      model: "movie-reviews",
      from: 1,
      version: 2,
      metric: "accuracy",
      pruned: [],
    });
    expect(made.variant.sizeBytes).toBeLessThan(made.original.sizeBytes);
    expect(made.drop).toBeCloseTo(made.original.metrics.accuracy! - made.variant.metrics.accuracy!, 12);
    expect(await store.getModelVersion("movie-reviews", 2)).toMatchObject({
      ...{ runId: version.runId, source: `runs:/${version.runId}/model-int8`, aliases: [] },
      tags: { "havn.precision": "int8", "havn.sparsity": "0", "havn.derived_from": "1" },
    });
    expect(await answersOf(2)).toMatchObject({ status: 200, answer: { sentiment: expect.any(Number) } });
  });

  test("made twice is one version, and the run's own model stays registered as it was", async () => {
    const again = await quantizeVersion(project, version, { store, config, precision: "int8", ...anyDrop });
    expect(again.version).toBe(2);
    expect(await registerRun(project, version.runId!, store)).toEqual(version);
  });

  test("is evaluated by its own files, under its own names", async () => {
    const int8 = await store.getModelVersion("movie-reviews", 2);
    const evaluated = await evaluationRun(project, versionFolder(int8), { store, config });
    expect(evaluated).toMatchObject({ runId: version.runId, rows: 8, folder: "evaluation/model-int8" });
    const { metrics } = await store.getRun(version.runId!);
    expect(metrics["model-int8/test_accuracy"]?.value).toBe(evaluated.metrics["model-int8/test_accuracy"]);
    expect(metrics).not.toHaveProperty("test_accuracy");
    const artifacts = store.artifacts(version.runId!);
    expect(await artifacts.stat("evaluation/model-int8/misclassified.csv")).toBeDefined();
  });

  test("has no weights to make another from", async () => {
    const int8 = await store.getModelVersion("movie-reviews", 2);
    await expect(
      quantizeVersion(project, int8, { store, config, precision: "float16", ...anyDrop }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: version 2 of movie-reviews has no float32 weights to make a variant from; it is a variant of version 1: take that]`,
    );
  });
});

test("a variant that is worse than allowed is not registered", async () => {
  const before = await store.listModelVersions("movie-reviews");
  const settings = { precision: "float16", sparsity: 0, maxDrop: -1.5 } as const;
  const refused = await quantizeVersion(project, version, { store, config, ...settings });
  expect(refused.version).toBeUndefined();
  expect(refused.maxDrop).toBe(-1.5);
  expect(await store.listModelVersions("movie-reviews")).toEqual(before);
  expect(await store.artifacts(version.runId!).stat("model-float16/model.onnx")).toBeUndefined();
});

test("a pruned variant says how much of each tensor is zero", async () => {
  const settings = { precision: "float32", sparsity: 0.75, maxDrop: 1 } as const;
  const { pruned, version: made } = await quantizeVersion(project, version, { store, config, ...settings });
  const classifier = pruned.find(({ name }) => name === "classifier.weight");
  expect(classifier).toEqual({ name: "classifier.weight", shape: [2, 16], zeros: 24, elements: 32 });
  const { source, tags } = await store.getModelVersion("movie-reviews", made!);
  expect(source).toMatch(/model-float32-sparsity-0.75$/);
  expect(tags).toMatchObject({ "havn.sparsity": "0.75" });
});

test("the model itself is no variant", async () => {
  const settings = { precision: "float32", sparsity: 0 } as const;
  await expect(
    quantizeVersion(project, version, { store, config, ...settings }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[TaskError: a variant in float32 without sparsity is the model itself; choose another precision or a sparsity]`,
  );
});

describe("an exported version", () => {
  test("is the same files, with a description of what goes in, what comes out and how it is prepared", async () => {
    const to = join(folder, "exported");
    const tokenizer = ["tokenizer.json", "tokenizer_config.json", "vocab.txt"];
    const preparation = ["special_tokens_map.json", "task.json", ...tokenizer];
    const { files, original, variant, drop } = await exportVersion(project, version, { store, config, to });
    expect(files).toEqual([
      ...["config.json", "havn.json", "inference.json", "model.onnx", "model.safetensors"],
      ...preparation,
    ]);
    expect(variant.metrics).toEqual(original.metrics);
    expect(drop).toBe(0);
    expect(JSON.parse(await readFile(join(to, "inference.json"), "utf8"))).toEqual({
      format: 1,
      program: {
        ...{ file: "model.onnx", precision: "float32" },
        inputs: [
          { name: "input_ids", dtype: "int64", shape: ["batch", "sequence"] },
          { name: "attention_mask", dtype: "int64", shape: ["batch", "sequence"] },
        ],
        outputs: [{ name: "logits", dtype: "float32", shape: ["batch", 2] }],
      },
      preparation,
    });
    await expect(exportVersion(project, version, { store, config, to })).rejects.toThrow(
      "must be empty or not there yet",
    );
  });

  test("may be in another precision", async () => {
    const to = join(folder, "exported-float16");
    const { files, original, variant } = await exportVersion(project, version, {
      ...{ store, config, to, precision: "float16" },
    });
    expect(files).not.toContain("model.safetensors");
    expect(variant.sizeBytes).toBeLessThan(original.sizeBytes);
  });
});
