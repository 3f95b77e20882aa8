import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore, type Store } from "../tracking/index.ts";
import { loadProject } from "./project.ts";
import { projectConfig } from "./project-config.ts";
import { tinyReviews } from "./testing/tiny-reviews.ts";
import { trainingRun } from "./training-run.ts";

let folder: string;
let store: Store;
let tiny: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-profile-test-"));
  store = await openStore({ home: folder });
  tiny = await tinyReviews(folder);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function trainWith(...overrides: string[]) {
  const project = await loadProject("movie-reviews");
  const config = projectConfig(project, [...tiny, ...overrides], { command: "havn train" });
  return trainingRun(project, {
    ...{ store, config, report: () => {} },
    checkpoints: join(folder, "checkpoints"),
  });
}

test("a profiled run has a trace of its phases and kernels, and costs of its operators", async () => {
  const { profile } = await trainWith("training.profile=true");
  const { traceEvents } = JSON.parse(await readFile(profile!.file, "utf8")) as {
    traceEvents: { ph: string; name: string; ts: number; dur: number; args: { name?: string } }[];
  };
  const tracks = traceEvents.flatMap(({ name, args }) => (name === "thread_name" ? [args.name] : []));
  expect(tracks).toEqual([
    "training loop",
    "training thread",
    "kernels of training",
    "kernels of evaluation",
  ]);
  const phases = new Set(traceEvents.map(({ name }) => name));
  expect([...phases]).toEqual(
    expect.arrayContaining(["data", "forward+backward", "update", "evaluation", "checkpoint"]),
  );
  // Six steps of one pass each, of which two warm up.
  expect(profile!.passes).toEqual({ first: 3, last: 6 });
  expect(profile!.operators.map(({ operator }) => operator)).toContain("FusedMatMul");
  expect(profile!.operators.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
}, 60_000);

test("the number of workers changes no number", async () => {
  const curveOf = async (workers: number) => {
    const { runId, best, profile } = await trainWith(`training.workers=${workers}`);
    expect(profile).toBeUndefined();
    return {
      best,
      loss: await store
        .metricHistory(runId, "train_loss_epoch")
        .then((points) => points.map(({ value }) => value)),
    };
  };
  const alone = await curveOf(0);
  expect(alone.loss).toHaveLength(2);
  expect(await curveOf(2)).toEqual(alone);
}, 60_000);
