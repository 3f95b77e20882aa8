/** Several processes train as one would: the laws of the loop, with processes that share this one. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { float32, type ProcessGroup, type TrainingSession } from "../tensor/index.ts";
import { latestCheckpoint } from "./checkpoints.ts";
import {
  logisticSession,
  metricTable,
  pointClassification,
  points,
  smallSettings,
} from "./testing/logistic-regression.ts";
import { processGroups } from "./testing/process-groups.ts";
import { followTraining, type TrainOptions, type TrainResult, train } from "./train.ts";

// The last batch of an epoch has two rows: fewer than three processes.
const rows = { train: points(30), validation: points(14, 2) };

type Options = TrainOptions<(typeof rows.train)[number], unknown, unknown>;

interface Given {
  readonly settings?: Partial<Options["settings"]>;
  readonly resume?: boolean;
  readonly every?: Options["checkpoints"]["every"];
  readonly run?: ReturnType<typeof metricTable>;
  /** What differs from process to process. */
  readonly each?: (processes: ProcessGroup, session: TrainingSession) => Partial<Options>;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "processes-"));
  onTestFinished(() => rm(folder, { recursive: true }));
});
const checkpoints = () => join(folder, "run");

/** Trains in so many processes, and tells what each of them ended with. */
function trainTogether(
  size: number,
  { settings, resume = false, every = { steps: 3 }, run = metricTable(), each }: Given = {},
): Promise<PromiseSettledResult<TrainResult & { weights: number[] }>[]> {
  return Promise.allSettled(
    processGroups(size).map(async (processes) => {
      const session = logisticSession({ dropout: 0, processes });
      const common = {
        ...{ session, processes, rows, trainable: pointClassification },
        settings: { ...smallSettings, ...settings },
        ...each?.(processes, session),
      };
      const started =
        processes.rank === 0
          ? train({ ...common, run, checkpoints: { folder: checkpoints(), every, resume } })
          : followTraining(common);
      const result = await started.catch(async (error) => {
        await processes.abandon();
        throw error;
      });
      const { parameters } = await session.state();
      return { ...result, weights: [...parameters.get("linear/weight")!.data] };
    }),
  );
}

/** What all processes ended with, of which only the folder is the first one's alone. */
function common(results: Awaited<ReturnType<typeof trainTogether>>) {
  const values = results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    const { best, ...rest } = result.value;
    return { ...rest, best: { ...best, folder: undefined } };
  });
  for (const value of values) expect(value).toEqual(values[0]);
  return values[0]!;
}

const curveOf = (run: ReturnType<typeof metricTable>, key: string) =>
  run.rows.filter((row) => row.key === key).map(({ value }) => value);

const toBeNear = (values: readonly number[], expected: readonly number[]) => {
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
};

test.each([2, 3, 5])("%i processes have the curves, the model and the decisions of one", async (size) => {
  const alone = { run: metricTable() };
  const one = common(await trainTogether(1, alone));
  await rm(checkpoints(), { recursive: true });
  const together = { run: metricTable() };
  const all = common(await trainTogether(size, together));
  for (const key of [
    "train_loss",
    "gradient_norm",
    "train_loss_epoch",
    "validation_loss",
    "validation_accuracy",
  ])
    toBeNear(curveOf(together.run, key), curveOf(alone.run, key));
  toBeNear(all.weights, one.weights);
  expect({ ...all, weights: [], metrics: {} }).toEqual({
    ...{ ...one, weights: [], metrics: {} },
    best: { ...one.best, value: expect.closeTo(one.best.value!, 6) },
  });
});

test("what a batch is a mean over decides what a share counts", async () => {
  // A loss that counts the second class alone, as the weights 0 and 1 of the classes would.
  const second = {
    ...pointClassification,
    collate: (examples: typeof rows.train) =>
      pointClassification.collate(examples.filter(({ label }) => label === 1)),
  };
  const lossWeight: NonNullable<Options["lossWeight"]> = ({ labels }) => labels!.shape[0]!;
  const validation = rows.validation.filter(({ label }) => label === 1);
  const each = () => ({ lossWeight, trainable: second, rows: { train: rows.train, validation } });
  const losses = async (size: number) => {
    const run = metricTable();
    common(await trainTogether(size, { run, each }));
    await rm(checkpoints(), { recursive: true });
    return curveOf(run, "train_loss");
  };
  const alone = await losses(1);
  toBeNear(await losses(3), alone);
});

describe("a stop signal", () => {
  test.each([0, 1])(
    "for process %i alone stops both after the same step, and they go on together",
    async (stopped) => {
      const uninterrupted = common(await trainTogether(1, { settings: { epochs: 2 } }));
      await rm(checkpoints(), { recursive: true });

      const stop = new AbortController();
      const run = metricTable();
      const each: Given["each"] = ({ rank }, session) => ({
        ...(rank === stopped && { signal: stop.signal }),
        session: {
          ...session,
          async step(...args) {
            const report = await session.step(...args);
            if (rank === stopped && (await session.state()).step === 5) stop.abort();
            return report;
          },
        },
      });
      const interrupted = common(await trainTogether(2, { settings: { epochs: 2 }, run, each }));
      expect(interrupted).toMatchObject({ status: "interrupted", step: 5 });
      expect((await latestCheckpoint(checkpoints(), () => {}))?.progress.step).toBe(5);

      const resumed = common(await trainTogether(3, { settings: { epochs: 2 }, run, resume: true }));
      expect(resumed).toMatchObject({ status: "finished", step: 8 });
      toBeNear(resumed.weights, uninterrupted.weights);
      expect(curveOf(run, "train_loss")).toHaveLength(8);
    },
  );

  test("during the evaluation of one process stops that of the others", async () => {
    const stop = new AbortController();
    const each: Given["each"] = ({ rank }, session) => ({
      signal: rank === 1 ? stop.signal : new AbortController().signal,
      session: {
        ...session,
        evaluate(inputs) {
          if (rank === 1) stop.abort();
          return session.evaluate(inputs);
        },
      },
    });
    const ended = common(await trainTogether(2, { settings: { batchSize: 2, epochs: 1 }, each }));
    expect(ended).toMatchObject({ status: "interrupted", step: 8 });
  });
});

test("a loss that is not finite in one process ends all", async () => {
  const each: Given["each"] = ({ rank }, session) => ({
    session: {
      ...session,
      step([first, ...rest], options) {
        const { x, labels } = first!;
        const broken = rank === 1 ? float32(x!.shape, Array(x!.data.length).fill(Number.NaN)) : x!;
        return session.step([{ x: broken, labels: labels! }, ...rest], options);
      },
    },
  });
  for (const result of await trainTogether(2, { each }))
    expect(result).toMatchObject({ status: "rejected", reason: { code: "not-finite" } });
});

test("what the first process cannot save is not the best of the others either", async () => {
  // Something stands in the way of all checkpoints: no epoch becomes the best, and patience ends.
  const settings = { epochs: 9, monitor: { ...smallSettings.monitor, patience: 2 } };
  const each: Given["each"] = ({ rank }, session) => ({
    session: {
      ...session,
      async step(...args) {
        if (rank === 0) await writeFile(checkpoints(), "in the way");
        return session.step(...args);
      },
    },
  });
  const [first, second] = await trainTogether(2, { settings, each });
  expect(first).toMatchObject({ status: "rejected", reason: { code: "checkpoint-failed" } });
  expect(second).toMatchObject({ status: "fulfilled", value: { status: "stopped-early", step: 8 } });
});

test("processes that read other data are told apart", async () => {
  const each: Given["each"] = ({ rank }) => ({ origin: { data: { train: rank === 1 ? "b2" : "a1" } } });
  const [result] = await trainTogether(2, { each });
  expect(result).toMatchObject({ status: "rejected", reason: { code: "settings-differ" } });
  expect((result as PromiseRejectedResult).reason.message).toMatchInlineSnapshot(`
    "process 1 cannot train together with process 0:
      origin.data.train: "a1" in process 0, "b2" in process 1
    Give both the same files."
  `);
});
