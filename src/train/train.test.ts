import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { TrainingSession } from "../tensor/index.ts";
import { latestCheckpoint, readCheckpoint } from "./checkpoints.ts";
import { evaluate } from "./evaluate.ts";
import type { MetricLog } from "./metric-log.ts";
import type { TrainEvent } from "./report.ts";
import { logisticSession, metricTable, pointClassification, points } from "./testing/logistic-regression.ts";
import {
  type PointsTraining,
  rows,
  stepsPerEpoch,
  totalSteps,
  trainOnPoints,
} from "./testing/train-points.ts";
import { TrainError } from "./train-error.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "train-"));
  onTestFinished(() => rm(folder, { recursive: true }));
});

/** Trains the points; what is of interest to a test is given, the rest is as everywhere. */
const trainPoints = (options: Partial<PointsTraining> = {}) => trainOnPoints({ root: folder, ...options });

test("it learns, and tells the store how", async () => {
  const log = metricTable();
  const { status, step, metrics } = await trainPoints({ run: log });
  expect({ status, step }).toEqual({ status: "finished", step: totalSteps });
  const losses = log.rows.filter(({ key }) => key === "validation_loss").map(({ value }) => value);
  expect(losses).toEqual(losses.toSorted().reverse());
  expect(metrics).toMatchObject({ validation_loss: losses[2], validation_accuracy: expect.any(Number) });
  const perStep = [
    "train_loss",
    "learning_rate",
    "gradient_norm",
    "examples_per_second",
    "data_wait_seconds",
  ];
  for (const key of perStep) {
    expect(log.rows.filter((row) => row.key === key).map((row) => row.step)).toEqual(
      Array.from({ length: totalSteps }, (_, i) => i + 1),
    );
  }
  for (const key of ["epoch", "train_loss_epoch", "validation_loss", "validation_accuracy"]) {
    expect(log.rows.filter((row) => row.key === key).map((row) => row.step)).toEqual([4, 8, 12]);
  }
  expect(log.rows.filter(({ key }) => key === "epoch").map(({ value }) => value)).toEqual([1, 2, 3]);
});

test("the metrics of steps can be thinned", async () => {
  const log = metricTable();
  await trainPoints({ run: log, logEvery: 5 });
  expect(log.rows.filter(({ key }) => key === "train_loss").map(({ step }) => step)).toEqual([5, 10]);
});

test("the rate follows the schedule from its first value", async () => {
  const log = metricTable();
  await trainPoints({ run: log, settings: { schedule: { name: "linear", warmUp: { steps: 2 } } } });
  const rates = log.rows.filter(({ key }) => key === "learning_rate").map(({ value }) => value);
  expect(rates.slice(0, 4)).toEqual([0, 0.25, 0.5, 0.45]);
  expect(rates.at(-1)).toBeCloseTo(0.05, 12);
});

test("several micro-batches are one batch", async () => {
  // Every epoch is one step over all eight rows, so that their order plays no part.
  const parametersWith = async (batchSize: number, accumulate: number) => {
    const session = logisticSession({ dropout: 0 });
    const root = join(folder, `${batchSize}`);
    const settings = { batchSize, accumulate, schedule: { name: "constant" } } as const;
    const { step } = await trainPoints({ session, root, settings, rows: { ...rows, train: points(8) } });
    expect(step).toBe(3);
    return [...(await session.state()).parameters.get("linear/weight")!.data];
  };
  const whole = await parametersWith(8, 1);
  for (const batchSize of [1, 2, 4]) {
    const accumulated = await parametersWith(batchSize, 8 / batchSize);
    accumulated.forEach((value, i) => {
      expect(value).toBeCloseTo(whole[i]!, 6);
    });
  }
});

test("every row is seen once an epoch, in another order each time", async () => {
  const seen: number[][] = [];
  const session = logisticSession();
  const watched: TrainingSession = {
    ...session,
    step(microBatches, options) {
      seen.push(microBatches.flatMap(({ x }) => [...x!.data].map(Number)));
      return session.step(microBatches, options);
    },
  };
  await trainPoints({ session: watched });
  const epochs = [0, 1, 2].map((epoch) =>
    seen.slice(epoch * stepsPerEpoch, (epoch + 1) * stepsPerEpoch).flat(),
  );
  const all = [...Float32Array.from(rows.train.flatMap(({ x }) => x))].sort();
  for (const epoch of epochs) expect(epoch.toSorted()).toEqual(all);
  expect(epochs[0]).not.toEqual(epochs[1]);
});

describe("best", () => {
  test.each([
    ["validation_accuracy", "maximise"],
    ["validation_loss", "minimise"],
  ] as const)("the checkpoint with the best %s is kept", async (metric, goal) => {
    const log = metricTable();
    // A rate this high makes the epochs differ.
    const settings = { epochs: 8, learningRate: 9, monitor: { metric, goal } };
    const { best } = await trainPoints({ run: log, settings });
    const curve = log.rows.filter(({ key }) => key === metric);
    const values = curve.map(({ value }) => value);
    const value = goal === "maximise" ? Math.max(...values) : Math.min(...values);
    expect(best).toMatchObject({ value, step: curve.find((row) => row.value === value)!.step });
    const session = logisticSession();
    await session.restore((await readCheckpoint(best!.folder)).state);
    const again = await evaluate(session.evaluate, pointClassification, rows.validation, { batchSize: 4 });
    expect(again.metrics[metric.replace("validation_", "")]).toBe(value);
  });

  test("training stops when nothing has become better for `patience` epochs", async () => {
    const settings = {
      ...{ epochs: 10, learningRate: 0 },
      monitor: { metric: "validation_accuracy", goal: "maximise", patience: 2 },
    } as const;
    const { status, step, best } = await trainPoints({ settings });
    expect({ status, step, best: best?.epoch }).toEqual({
      status: "stopped-early",
      step: 3 * stepsPerEpoch,
      best: 1,
    });
    const again = await trainPoints({ settings, resume: true });
    expect(again).toMatchObject({ status: "stopped-early", step: 3 * stepsPerEpoch });
  });

  test("a metric that the task does not measure is answered with the nearest that it does", async () => {
    const settings = { monitor: { metric: "validation_acuracy", goal: "maximise" } } as const;
    await expect(trainPoints({ settings })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TrainError: monitor.metric is validation_acuracy, which this task does not measure. Did you mean validation_accuracy? It measures validation_loss, validation_accuracy.]`,
    );
  });
});

describe("stopped from outside", () => {
  test("the step under way is finished and saved, and the command to go on is told", async () => {
    const controller = new AbortController();
    const events: TrainEvent[] = [];
    const report = (event: TrainEvent) => {
      events.push(event);
      if (event.kind === "step" && event.step === 5) controller.abort();
    };
    const result = await trainPoints({ every: { steps: 100 }, signal: controller.signal, report });
    expect(result).toMatchObject({ status: "interrupted", step: 5 });
    expect((await latestCheckpoint(folder, () => {}))?.progress).toMatchObject({
      step: 5,
      stepInEpoch: 1,
      epoch: 1,
    });
    expect(events.at(-1)).toEqual({
      ...{ kind: "ended", status: "interrupted", step: 5 },
      resumeCommand: "havn train points --resume 7",
    });
  });

  test("a signal that came before the start changes nothing", async () => {
    const result = await trainPoints({ signal: AbortSignal.abort() });
    expect(result).toMatchObject({ status: "interrupted", step: 0 });
    expect(await trainPoints({ resume: true })).toMatchObject({ status: "finished" });
  });
});

describe("numbers that are not finite", () => {
  const session = logisticSession();
  const broken: TrainingSession = {
    ...session,
    async step(microBatches, options) {
      const report = await session.step(microBatches, options);
      return (await session.state()).step === 6 ? { ...report, loss: Number.NaN } : report;
    },
  };

  test("end the run with the place, and the checkpoint before stays", async () => {
    const log = metricTable();
    const events: TrainEvent[] = [];
    const report = (event: TrainEvent) => events.push(event);
    const error = await trainPoints({ session: broken, run: log, every: { steps: 1 }, report }).catch(
      (error: TrainError) => error,
    );
    expect(events.at(-1)).toEqual({ kind: "failed", step: 5, error });
    expect(error).toBeInstanceOf(TrainError);
    expect(error).toMatchObject({ code: "not-finite", details: { step: 6, loss: Number.NaN } });
    expect((error as TrainError).message.replace(folder, "RUN")).toMatchInlineSnapshot(`
      "the loss is NaN at step 6 (epoch 2) with the learning rate 0.35.
      Rows of the batch, counted from 0 in the training split: 8, 16, 4, 5, 21, 13, 28, 20.
      Try a lower optimizer.learning_rate, such as 0.05, a longer warm-up or gradient clipping, and look at these rows. The checkpoint RUN/epoch-0001-step-00000005 is from before."
    `);
    expect((await latestCheckpoint(folder, () => {}))?.progress.step).toBe(5);
    expect(log.rows.at(-1)?.step).toBe(5);
  });

  test("an evaluation that is not finite is never the best", async () => {
    const evaluate = async () => ({ loss: nan, logits: nan });
    const nan = { dtype: "float32" as const, shape: [], data: Float32Array.of(Number.NaN) };
    const trainable = {
      ...pointClassification,
      outcomes: (inputs: { labels?: { shape: readonly number[] } }) => Array(inputs.labels!.shape[0]).fill(0),
      measure: () => ({}),
    };
    const settings = { monitor: { metric: "validation_loss", goal: "minimise" } } as const;
    const result = await trainPoints({ session: { ...logisticSession(), evaluate }, trainable, settings });
    expect(result.best).toBeUndefined();
    expect(result.metrics.validation_loss).toBeNaN();
    expect(
      await trainPoints({ session: { ...logisticSession(), evaluate }, trainable, settings, resume: true }),
    ).toEqual(result);
  });
});

describe("a disk that cannot be written", () => {
  /** Something is in the checkpoints' way from the start of the run until `warnings` were given. */
  const blocked = (root: string, warnings: number) => {
    const events: TrainEvent[] = [];
    const pending: Promise<void>[] = [];
    const report = (event: TrainEvent) => {
      events.push(event);
      const seen = events.filter(({ kind }) => kind === "warning").length;
      if (event.kind === "warning" && seen === warnings) pending.push(rm(root));
    };
    return { events, report, pending };
  };

  test("is a warning, and the next checkpoint is tried", async () => {
    const root = join(folder, "run");
    const { events, report, pending } = blocked(root, 2);
    const session = logisticSession();
    const step: TrainingSession["step"] = async (microBatches, options) => {
      if ((await session.state()).step === 0) await writeFile(root, "in the way");
      await Promise.all(pending);
      return session.step(microBatches, options);
    };
    // Nothing becomes better than the first epoch, but that one was not saved.
    const settings = { learningRate: 0 };
    const result = await trainPoints({
      session: { ...session, step },
      root,
      settings,
      every: { steps: 2 },
      report,
    });
    expect(result).toMatchObject({ status: "finished", step: totalSteps, best: { epoch: 2 } });
    const saved = events.filter(({ kind }) => kind === "checkpoint" || kind === "warning");
    expect(saved.map(({ kind }) => kind).slice(0, 3)).toEqual(["warning", "warning", "checkpoint"]);
    expect((await latestCheckpoint(root, () => {}))?.progress.step).toBe(totalSteps);
    expect(await readdir(root)).toContain(result.best!.folder.slice(root.length + 1));
  });

  test("ends a run with an error when its last state is nowhere else", async () => {
    const root = join(folder, "run");
    const session = logisticSession();
    const step: TrainingSession["step"] = async (microBatches, options) => {
      if ((await session.state()).step === 0) await writeFile(root, "in the way");
      return session.step(microBatches, options);
    };
    const failed = trainPoints({ session: { ...session, step }, root });
    await expect(failed).rejects.toMatchObject({ name: "TrainError", code: "checkpoint-failed" });
  });
});

test("settings that make no sense are refused with their path", async () => {
  const settings = {
    epochs: 0,
    batchSize: 2.5,
    schedule: { name: "step", stepSize: -1, gamma: 0.5 },
  } as const;
  await expect(trainPoints({ settings })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [TrainError: settings.epochs: Too small: expected number to be >0
    settings.batchSize: Invalid input: expected int, received number
    settings.schedule.stepSize: Too small: expected number to be >0]
  `);
  await expect(trainPoints({ rows: { ...rows, validation: [] } })).rejects.toThrow(
    "the validation split has no rows",
  );
});

test("a store that is away for a moment costs no point", async () => {
  const log = metricTable();
  let calls = 0;
  const events: TrainEvent[] = [];
  const run: MetricLog = {
    ...log,
    logMetrics: (metrics) => {
      if (++calls === 1) throw new Error("the store is away");
      return log.logMetrics(metrics);
    },
  };
  await trainPoints({ run, report: (event) => events.push(event) });
  expect(events).toContainEqual({
    kind: "warning",
    message: "metrics could not be logged: Error: the store is away",
  });
  expect(log.rows.filter(({ key }) => key === "train_loss")).toHaveLength(totalSteps);
});
