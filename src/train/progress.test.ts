import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { printProgress } from "./progress.ts";
import type { TrainEvent } from "./report.ts";

const started: TrainEvent = { kind: "started", epochs: 2, steps: 40, stepsDone: 0 };
const stepAt = (step: number): TrainEvent => ({
  ...{ kind: "step", step, epoch: Math.ceil(step / 20), loss: 1 / step, gradientNorm: 1 },
  ...{ learningRate: 0.001, examplesPerSecond: 431.7 },
});
const epoch: TrainEvent = {
  ...{ kind: "epoch", epoch: 1, step: 20, isBest: true },
  metrics: { train_loss_epoch: 0.5, validation_accuracy: 0.78125 },
};

/** What is printed for the events; each takes `stepMs`. */
function printed(
  events: readonly TrainEvent[],
  { isTTY = false, quiet = false, stepMs = 1500 } = {},
): string {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 });
  let time = 0;
  const report = printProgress(stream, { quiet, now: () => time });
  for (const event of events) {
    if (event.kind === "step") time += stepMs;
    report(event);
  }
  return stripVTControlCharacters(stream.read()?.toString() ?? "");
}
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => stepAt(from + i));

test("elsewhere than on a terminal: a line for each tenth of the run, with speed and time left", () => {
  expect(printed([started, ...run(1, 20), epoch, ...run(21, 40)])).toMatchInlineSnapshot(`
    "step 4/40 epoch 1/2, loss 0.2500, 432 examples/s, 0:54 left
    step 8/40 epoch 1/2, loss 0.1250, 432 examples/s, 0:48 left
    step 12/40 epoch 1/2, loss 0.0833, 432 examples/s, 0:42 left
    step 16/40 epoch 1/2, loss 0.0625, 432 examples/s, 0:36 left
    step 20/40 epoch 1/2, loss 0.0500, 432 examples/s, 0:30 left
    epoch 1/2: train_loss_epoch 0.5000, validation_accuracy 0.7813 (best)
    step 24/40 epoch 2/2, loss 0.0417, 432 examples/s, 0:24 left
    step 28/40 epoch 2/2, loss 0.0357, 432 examples/s, 0:18 left
    step 32/40 epoch 2/2, loss 0.0313, 432 examples/s, 0:12 left
    step 36/40 epoch 2/2, loss 0.0278, 432 examples/s, 0:06 left
    step 40/40 epoch 2/2, loss 0.0250, 432 examples/s, 0:00 left
    "
  `);
});

test("a slow run prints a line every ten seconds", () => {
  expect(printed([started, ...run(1, 3)], { stepMs: 200_000 })).toMatchInlineSnapshot(`
    "step 1/40 epoch 1/2, loss 1.0000, 432 examples/s, 2:10:00 left
    step 2/40 epoch 1/2, loss 0.5000, 432 examples/s, 2:06:40 left
    step 3/40 epoch 1/2, loss 0.3333, 432 examples/s, 2:03:20 left
    "
  `);
});

test("the time left of a resumed run counts only what this process has done", () => {
  const resumed: TrainEvent = {
    ...started,
    stepsDone: 30,
    resumedFrom: "checkpoints/epoch-0001-step-00000030",
  };
  expect(printed([resumed, ...run(31, 32)])).toMatchInlineSnapshot(`
    "resuming after step 30 from checkpoints/epoch-0001-step-00000030
    step 31/40 epoch 2/2, loss 0.0323, 432 examples/s, 0:14 left
    step 32/40 epoch 2/2, loss 0.0313, 432 examples/s, 0:12 left
    "
  `);
});

test("on a terminal there is a bar, and lines stand above it", () => {
  const text = printed([started, ...run(1, 20), epoch, ...run(21, 22)], { isTTY: true });
  expect(text).toMatch(/━+─+ 2% epoch 1\/2, loss 1\.0000, 432 examples\/s, 0:59 left/);
  expect(text).toContain("epoch 1/2: train_loss_epoch 0.5000, validation_accuracy 0.7813 (best)\n");
  expect(text.lastIndexOf("━")).toBeGreaterThan(text.indexOf("(best)"));
});

test("quiet leaves only what a person must know", () => {
  const events: TrainEvent[] = [
    ...[started, ...run(1, 20), epoch],
    { kind: "warning", message: "the disk is full" },
    { kind: "ended", status: "interrupted", step: 20, resumeCommand: "havn train movie-reviews --resume 4f" },
  ];
  expect(printed(events, { quiet: true })).toMatchInlineSnapshot(`
    "warning: the disk is full
    interrupted after step 20, the checkpoint is written; continue with
      havn train movie-reviews --resume 4f
    "
  `);
  expect(printed(events, { quiet: true, isTTY: true })).toBe(printed(events, { quiet: true }));
});
