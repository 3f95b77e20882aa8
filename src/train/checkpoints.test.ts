import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { CheckpointError } from "../nn/index.ts";
import { float32, type TrainingState } from "../tensor/index.ts";
import { latestCheckpoint, type Progress, readCheckpoint, saveCheckpoint } from "./checkpoints.ts";
import { TrainError } from "./train-error.ts";

let root: string;
let warnings: string[];
const warn = (message: string) => warnings.push(message);
beforeEach(async () => {
  warnings = [];
  root = await mkdtemp(join(tmpdir(), "checkpoints-"));
  onTestFinished(() => rm(root, { recursive: true }));
});

const stateAt = (step: number): TrainingState => ({
  step,
  parameters: new Map([
    ["encoder.weight", float32([2, 2], [step, 0.1, -0, Number.MIN_VALUE])],
    ["with/slash", float32([], [step])],
  ]),
  slots: new Map([
    ["first_moment", new Map([["encoder.weight", float32([2, 2], [1, 2, 3, step])]])],
    ["second_moment", new Map([["encoder.weight", float32([2, 2], [5, 6, 7, step])]])],
  ]),
});

const progressAt = (step: number, bestStep?: number): Progress => ({
  step,
  epoch: 0,
  stepInEpoch: step,
  epochLoss: { sum: 0.1 + 0.2, rows: 3 },
  metrics: { validation_loss: 1 / 3 },
  best: bestStep === undefined ? null : { name: nameAt(bestStep), step: bestStep, epoch: 1, value: 0.75 },
  epochsSinceBest: 0,
  settings: { batchSize: 4 },
});
const nameAt = (step: number) => `epoch-0000-step-${String(step).padStart(8, "0")}`;
const save = (step: number, bestStep?: number) =>
  saveCheckpoint(root, stateAt(step), progressAt(step, bestStep));

test("a checkpoint gives back every bit", async () => {
  const folder = await save(3);
  expect(await readCheckpoint(folder)).toEqual({ folder, state: stateAt(3), progress: progressAt(3) });
});

test("only the latest and the best are kept", async () => {
  await save(1);
  await save(2, 2);
  await save(3, 2);
  await save(4, 2);
  expect((await readdir(root)).sort()).toEqual([nameAt(2), nameAt(4)]);
  await save(5, 5);
  expect(await readdir(root)).toEqual([nameAt(5)]);
});

test("without a folder there is no latest checkpoint, and nothing to warn of", async () => {
  expect(await latestCheckpoint(join(root, "nowhere"), warn)).toBeUndefined();
  expect(warnings).toEqual([]);
});

test.each<[what: string, damage: (folder: string) => Promise<void>, warning: string]>([
  [
    "the process was killed before the rename",
    (f) => rename(f, `${f}.4b1d.tmp`),
    "was never finished and is ignored",
  ],
  ["the state is cut off", (f) => truncate(join(f, "state.safetensors"), 300), "state.safetensors"],
  ["the state is missing", (f) => rm(join(f, "state.safetensors")), "cannot be opened"],
  ["the state lost a block", zeroLastBytes, "have another checksum"],
  ["the progress is cut off", (f) => truncate(join(f, "progress.json"), 40), "progress.json: cannot be read"],
  ["the progress is missing", (f) => rm(join(f, "progress.json")), "progress.json: cannot be read"],
  [
    "the progress is something else",
    (f) => writeFile(join(f, "progress.json"), "{}"),
    "progress.json: cannot be read",
  ],
])("when %s, the checkpoint before it is used, with a warning", async (_, damage, warning) => {
  await save(1, 1);
  await damage(await save(2, 1));
  const latest = await latestCheckpoint(root, warn);
  expect(latest?.progress.step).toBe(1);
  expect(warnings).toEqual([expect.stringContaining(warning)]);
});

async function zeroLastBytes(folder: string): Promise<void> {
  const path = join(folder, "state.safetensors");
  const bytes = await readFile(path);
  await writeFile(path, bytes.fill(0, bytes.length - 8));
}

test("a damaged checkpoint is written again when the run comes by", async () => {
  const folder = await save(2);
  await truncate(join(folder, "state.safetensors"), 10);
  await save(2);
  expect((await readCheckpoint(folder)).state).toEqual(stateAt(2));
});

test("what a killed process left unfinished goes with the next checkpoint", async () => {
  await save(1);
  await rename(join(root, nameAt(1)), join(root, `${nameAt(1)}.77.tmp`));
  await writeFile(join(root, "notes.txt"), "of the user");
  await save(2);
  expect((await readdir(root)).sort()).toEqual([nameAt(2), "notes.txt"]);
});

test("a checkpoint that cannot be written says so and leaves nothing behind", async () => {
  await save(1);
  const occupied = join(root, nameAt(1), "progress.json");
  const failed = saveCheckpoint(occupied, stateAt(2), progressAt(2));
  await expect(failed).rejects.toThrow(TrainError);
  await expect(failed).rejects.toMatchObject({
    code: "checkpoint-failed",
    message: expect.stringContaining("could not be written: ENOTDIR"),
  });
  expect((await latestCheckpoint(root, warn))?.progress.step).toBe(1);
});

test("a folder that is no checkpoint is named", async () => {
  await expect(readCheckpoint(join(root, "model"))).rejects.toThrow(CheckpointError);
  await expect(readCheckpoint(join(root, "model"))).rejects.toThrow(
    /model.progress\.json: cannot be read: ENOENT/,
  );
});
