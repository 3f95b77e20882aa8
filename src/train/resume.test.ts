import { mkdtemp, rename, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { TrainingSession } from "../tensor/index.ts";
import { latestCheckpoint, readCheckpoint } from "./checkpoints.ts";
import type { MetricLog } from "./metric-log.ts";
import type { TrainEvent } from "./report.ts";
import { logisticSession, metricTable } from "./testing/logistic-regression.ts";
import { type PointsTraining, totalSteps, trainOnPoints } from "./testing/train-points.ts";
import type { TrainResult } from "./train.ts";
import type { TrainError } from "./train-error.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "train-"));
  onTestFinished(() => rm(folder, { recursive: true }));
});

/** Trains the points; what is of interest to a test is given, the rest is as everywhere. */
const trainPoints = (options: Partial<PointsTraining> = {}) => trainOnPoints({ root: folder, ...options });

/** Everything that must not depend on interruptions: all but the speed, and the folders' root. */
async function outcomeOf(
  root: string,
  result: TrainResult,
  session: TrainingSession,
  log: ReturnType<typeof metricTable>,
) {
  const { state, progress } = (await latestCheckpoint(root, () => {}))!;
  expect(await session.state()).toEqual(state);
  const curves = log.rows.filter(({ key }) => !["examples_per_second", "data_wait_seconds"].includes(key));
  return {
    state,
    progress,
    status: result.status,
    metrics: result.metrics,
    best: { ...result.best, folder: undefined },
    bestState: (await readCheckpoint(result.best!.folder)).state,
    curves: curves.sort((a, b) => a.step - b.step || a.key.localeCompare(b.key)),
  };
}

/** A session whose process is killed when it is about to do `step`: nothing after that reaches the log. */
function killedAt(step: number, log: MetricLog): { session: TrainingSession; run: MetricLog } {
  const session = logisticSession();
  let isAlive = true;
  return {
    run: {
      ...log,
      logMetrics: async (metrics) => {
        if (!isAlive) throw new Error("killed");
        await log.logMetrics(metrics);
      },
    },
    session: {
      ...session,
      async step(microBatches, options) {
        isAlive = (await session.state()).step !== step;
        if (!isAlive) throw new Error("killed");
        return session.step(microBatches, options);
      },
    },
  };
}

type Interruption =
  | { kind: "killed"; step: number; aftermath: "nothing" | "before the rename" | "state cut off" }
  | { kind: "stopped"; after: "step" | "evaluation batch"; count: number };
const interruption: fc.Arbitrary<Interruption> = fc.oneof(
  fc.record({
    kind: fc.constant("killed" as const),
    step: fc.nat(totalSteps - 1),
    aftermath: fc.constantFrom("nothing" as const, "before the rename" as const, "state cut off" as const),
  }),
  fc.record({
    kind: fc.constant("stopped" as const),
    after: fc.constantFrom("step" as const, "evaluation batch" as const),
    count: fc.integer({ min: 1, max: totalSteps - 1 }),
  }),
);

async function interrupt(
  root: string,
  log: ReturnType<typeof metricTable>,
  every: number,
  how: Interruption,
) {
  const common = { root, every: { steps: every }, resume: true };
  if (how.kind === "killed") {
    await trainPoints({ ...common, ...killedAt(how.step, log) }).catch((error) =>
      expect(error.message).toBe("killed"),
    );
    const latest = await latestCheckpoint(root, () => {});
    if (!latest) return;
    if (how.aftermath === "before the rename") await rename(latest.folder, `${latest.folder}.0.tmp`);
    if (how.aftermath === "state cut off") await truncate(join(latest.folder, "state.safetensors"), 100);
    return;
  }
  const controller = new AbortController();
  const session = logisticSession();
  let count = 0;
  const counted =
    <Args extends unknown[], Result>(run: (...args: Args) => Promise<Result>) =>
    (...args: Args) => {
      if (++count === how.count) controller.abort();
      return run(...args);
    };
  const watched =
    how.after === "step" ? { step: counted(session.step) } : { evaluate: counted(session.evaluate) };
  await trainPoints({
    ...common,
    session: { ...session, ...watched },
    run: log,
    signal: controller.signal,
  });
}

test("a run that was interrupted, however and however often, ends bit for bit like one that was not", async () => {
  const log = metricTable();
  const session = logisticSession();
  const root = join(folder, "uninterrupted");
  const uninterrupted = await outcomeOf(root, await trainPoints({ session, root, run: log }), session, log);

  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(interruption, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      async (interruptions, every) => {
        const root = join(folder, `interrupted-${runs++}`);
        const log = metricTable();
        for (const how of interruptions) await interrupt(root, log, every, how);
        const session = logisticSession();
        const result = await trainPoints({
          session,
          root,
          every: { steps: every },
          run: log,
          resume: true,
        });
        expect(await outcomeOf(root, result, session, log)).toEqual(uninterrupted);
      },
    ),
    { numRuns: 40 },
  );
});

test("what a killed process loses is less than one interval", async () => {
  for (const step of [2, 5, 6, 11]) {
    const root = join(folder, `killed-at-${step}`);
    await trainPoints({ root, every: { steps: 2 }, ...killedAt(step, metricTable()) }).catch(() => {});
    const latest = await latestCheckpoint(root, () => {});
    expect(step - latest!.progress.step).toBeLessThanOrEqual(1);
  }
});

test("a finished run is finished at once", async () => {
  const first = await trainPoints();
  const events: TrainEvent[] = [];
  const again = await trainPoints({ resume: true, report: (event) => events.push(event) });
  expect(again).toEqual(first);
  expect(events.map(({ kind }) => kind)).toEqual(["started", "ended"]);
});

test("settings that differ are named", async () => {
  const origin = { model: { dropout: 0.1, layers: 2 }, data: "sha256:5a" };
  await trainPoints({ origin });
  const settings = { batchSize: 8, schedule: { name: "constant" } } as const;
  const other = { model: { layers: 2, dropout: 0.2 }, data: "sha256:5a" };
  const error = await trainPoints({ resume: true, settings, origin: other }).catch(
    (error: TrainError) => error,
  );
  expect(error).toMatchObject({ code: "settings-differ" });
  expect((error as TrainError).message.replace(folder, "RUN")).toMatchInlineSnapshot(`
    "RUN/epoch-0003-step-00000012 was made with other settings, so the run cannot continue from it:
      settings.batchSize: 4 in the checkpoint, 8 now
      settings.schedule.name: "linear" in the checkpoint, "constant" now
      settings.schedule.warmUp: {"ratio":0.1} in the checkpoint, not set now
      origin.model.dropout: 0.1 in the checkpoint, 0.2 now
    Set them back, or start a new run."
  `);
  await expect(trainPoints({ resume: true, origin })).resolves.toMatchObject({ status: "finished" });
});

test("a new run does not begin among the checkpoints of another", async () => {
  await trainPoints();
  await expect(trainPoints()).rejects.toMatchObject({ code: "checkpoint-exists" });
});
