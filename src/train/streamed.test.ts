import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Trace } from "../tensor/index.ts";
import { logisticSession, metricTable, points, smallSettings } from "./testing/logistic-regression.ts";
import { streamedPoints, streamedPointsSource } from "./testing/streamed-points.ts";
import { type TrainOptions, train } from "./train.ts";

type Options = TrainOptions<(typeof rows.train)[number], unknown, unknown>;

const rows = { train: points(30), validation: points(14, 2) };

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "streamed-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Trains, and tells with which result and which parameters it ended. */
async function trainStreamed(
  folder: string,
  { resume = false, ...options }: Partial<Options> & { resume?: boolean } = {},
) {
  const session = logisticSession();
  const result = await train({
    ...{ session, rows, settings: smallSettings, run: metricTable() },
    trainable: streamedPoints,
    checkpoints: { folder, every: { steps: 3 }, resume, resumeCommand: "havn train --resume 7" },
    ...options,
  });
  return { result, parameters: (await session.state()).parameters };
}

const loadedBy = (workers: number) => ({ loading: { source: streamedPointsSource, workers } });

test("whoever prepares them, and wherever a run was stopped, the same rows change the same way", async () => {
  const alone = await trainStreamed(await newFolder(), loadedBy(0));
  expect((await trainStreamed(await newFolder(), loadedBy(2))).parameters).toEqual(alone.parameters);

  const folder = await newFolder();
  const stop = new AbortController();
  const interrupted = await trainStreamed(folder, {
    ...loadedBy(2),
    signal: stop.signal,
    // In the middle of the second epoch.
    report: (event) => event.kind === "step" && event.step === 6 && stop.abort(),
  });
  expect(interrupted.result).toMatchObject({ status: "interrupted", step: 6 });
  expect(interrupted.parameters).not.toEqual(alone.parameters);
  const resumed = await trainStreamed(folder, { ...loadedBy(1), resume: true });
  expect(resumed.parameters).toEqual(alone.parameters);

  const still = await trainStreamed(await newFolder(), {
    trainable: { ...streamedPoints, prepareForTraining: streamedPoints.prepare },
  });
  expect(still.parameters).not.toEqual(alone.parameters);
}, 30_000);

test("a signal while kept rows are prepared ends the run before its first step; it can be resumed", async () => {
  const folder = await newFolder();
  const { streamed: _, prepareForTraining: __, ...kept } = streamedPoints;
  const stop = new AbortController();
  const events: string[] = [];
  const { result } = await trainStreamed(folder, {
    trainable: {
      ...kept,
      prepare(row) {
        stop.abort();
        return row;
      },
    },
    signal: stop.signal,
    report: ({ kind }) => events.push(kind),
  });
  expect(result).toEqual({ status: "interrupted", step: 0, metrics: {} });
  expect(events).toEqual(["ended"]);
  const resumed = await trainStreamed(folder, { trainable: kept, resume: true });
  expect(resumed.result.status).toBe("finished");
});

test("the phases of a run are traced", async () => {
  const trace = new Trace("training loop");
  const settings = { ...smallSettings, epochs: 1 };
  await trainStreamed(await newFolder(), { settings, trace });
  const steps = ["data", "step"];
  expect(trace.spans.map(({ name }) => name)).toEqual([
    ...steps,
    ...steps,
    ...steps,
    "checkpoint",
    ...steps,
    "evaluation",
    "checkpoint",
  ]);
});
