import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  adamw,
  compile,
  compileTraining,
  crossEntropy,
  dropout,
  float32,
  input,
  linear,
  Parameter,
  startTraining,
  TrainingPass,
  type TrainingSession,
} from "../tensor/index.ts";
import { metricTable, pointClassification, points, smallSettings } from "./testing/logistic-regression.ts";
import { train } from "./train.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx-session-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Logistic regression with dropout and AdamW, differentiated and run by ONNX Runtime. */
function onnxSession(): Promise<TrainingSession> {
  const x = input("x", "float32", ["batch", 3]);
  const labels = input("labels", "int64", ["batch"]);
  const weight = new Parameter([2, 3], () => new Float32Array(6));
  const parameters = new Map([["weight", weight]]);
  const kept = dropout(x, new TrainingPass().mask(x.shape, 0.2));
  const logits = linear(x, weight);
  return startTraining({
    training: compileTraining(crossEntropy(linear(kept, weight), labels), { parameters }),
    evaluation: compile({ loss: crossEntropy(logits, labels), logits }, { parameters }),
    parameters: new Map([["weight", float32([2, 3], [0.1, -0.2, 0.3, 0, 0.2, -0.1])]]),
    optimizer: adamw(),
    seed: 5,
    maxGradientNorm: 1,
    threads: 1,
  });
}

/** Trains in a new session, going on from where the folder's run stands, until its end or the step `stop`. */
async function trainUntil(name: string, log: ReturnType<typeof metricTable>, stop?: number) {
  const session = await onnxSession();
  const controller = new AbortController();
  try {
    await train({
      session,
      trainable: { ...pointClassification, outcomes: ({ labels }) => [...labels!.data], measure: () => ({}) },
      rows: { train: points(40), validation: points(12, 2) },
      settings: { ...smallSettings, monitor: { metric: "validation_loss", goal: "minimise" } },
      checkpoints: { folder: join(folder, name), every: { steps: 2 }, resume: true },
      run: log,
      signal: controller.signal,
      report: (event) => event.kind === "step" && event.step === stop && controller.abort(),
    });
    return await session.state();
  } finally {
    await session.close();
  }
}

const curves = (log: ReturnType<typeof metricTable>) =>
  log.rows.filter(({ key }) => !["examples_per_second", "data_wait_seconds"].includes(key));

test("the real session, stopped and resumed, ends bit for bit like one that was not stopped", async () => {
  const log = metricTable();
  const uninterrupted = await trainUntil("uninterrupted", log);
  expect(uninterrupted.step).toBe(15);

  const resumedLog = metricTable();
  for (const stop of [1, 4, 5, 13]) expect((await trainUntil("resumed", resumedLog, stop)).step).toBe(stop);
  expect(await trainUntil("resumed", resumedLog)).toEqual(uninterrupted);
  expect(curves(resumedLog)).toEqual(curves(log));
});
