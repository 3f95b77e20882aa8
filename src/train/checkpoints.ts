/**
 * Checkpoints of a run: one folder each, with `state.safetensors` (parameters and moments) and `progress.json`.
 * A checkpoint appears whole or not at all; the latest and the best are kept.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { CheckpointError, readSafetensors, writeSafetensors } from "../nn/index.ts";
import { syncFolder } from "../storage/index.ts";
import type { NdArray, TrainingState } from "../tensor/index.ts";
import { TrainError } from "./train-error.ts";

const progressSchema = z.strictObject({
  /** Optimizer steps done. */
  step: z.int().nonnegative(),
  /** Epochs trained and evaluated. */
  epoch: z.int().nonnegative(),
  /** Optimizer steps done in the epoch under way. */
  stepInEpoch: z.int().nonnegative(),
  /** Loss so far in the epoch under way: sum over rows, and their number. */
  epochLoss: z.strictObject({ sum: z.number(), rows: z.int().nonnegative() }),
  /** Metrics of the last evaluation; JSON has no NaN. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** The best evaluation so far; its checkpoint is the folder `name`. */
  best: z.strictObject({ name: z.string(), step: z.int(), epoch: z.int(), value: z.number() }).nullable(),
  epochsSinceBest: z.int().nonnegative(),
  /** What the run was started with. */
  settings: z.record(z.string(), z.unknown()),
});
/** Where a run stands. */
export type Progress = z.infer<typeof progressSchema>;

const fileSchema = z.strictObject({ format: z.literal(1), checksum: z.int(), progress: progressSchema });

export interface Checkpoint {
  readonly folder: string;
  readonly state: TrainingState;
  readonly progress: Progress;
}

/** Sorts as time goes. An epoch's last step has two names: before and after its evaluation. */
export const checkpointName = ({ epoch, step }: Pick<Progress, "epoch" | "step">): string =>
  `epoch-${String(epoch).padStart(4, "0")}-step-${String(step).padStart(8, "0")}`;
const isCheckpointName = (name: string) => /^epoch-\d{4,}-step-\d{8,}$/.test(name);
const isTemporary = (name: string) => name.endsWith(".tmp");

/**
 * Writes a checkpoint into `root` and only then removes older ones that are not its best.
 * Needs room for two more checkpoints than it leaves behind.
 *
 * @returns the checkpoint's folder
 * @throws {TrainError} `checkpoint-failed` when the disk is full or cannot be written; older ones are untouched
 */
export async function saveCheckpoint(
  root: string,
  state: TrainingState,
  progress: Progress,
): Promise<string> {
  const name = checkpointName(progress);
  const folder = join(root, name);
  const temporary = join(root, `${name}.${randomUUID()}.tmp`);
  try {
    await mkdir(temporary, { recursive: true });
    const tensors = tensorsOf(state);
    await writeSafetensors(join(temporary, "state.safetensors"), tensors);
    const file = { format: 1, checksum: checksumOf(tensors), progress } satisfies z.infer<typeof fileSchema>;
    await writeDurably(join(temporary, "progress.json"), `${JSON.stringify(file, null, 2)}\n`);
    await syncFolder(temporary);
    // Only a damaged checkpoint can stand in the way: the loop never saves the same progress twice.
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    await syncFolder(root);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw saveError(folder, state, cause);
  }
  // The new checkpoint is safe; what cannot be removed now will be after the next one.
  await prune(root, new Set([name, progress.best?.name])).catch(() => {});
  return folder;
}

/** @throws {CheckpointError} when the folder holds no whole checkpoint */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const path = join(folder, "progress.json");
  let file: z.infer<typeof fileSchema>;
  try {
    file = fileSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError ? z.prettifyError(cause) : cause instanceof Error ? cause.message : cause;
    throw new CheckpointError(path, `cannot be read: ${reason}`, { cause });
  }
  const statePath = join(folder, "state.safetensors");
  const { tensors } = await readSafetensors(statePath);
  if (checksumOf(tensors) !== file.checksum) {
    throw new CheckpointError(
      statePath,
      "is damaged: its numbers have another checksum than when it was written",
    );
  }
  return { folder, progress: file.progress, state: stateOf(statePath, file.progress.step, tensors) };
}

/** The newest whole checkpoint; damaged ones and those that were never finished are told to `warn` and passed over. */
export async function latestCheckpoint(
  root: string,
  warn: (message: string) => void,
): Promise<Checkpoint | undefined> {
  const names = await namesIn(root);
  for (const name of names.filter(isTemporary)) {
    warn(`${join(root, name)} was never finished and is ignored`);
  }
  for (const name of names.filter(isCheckpointName).sort().reverse()) {
    try {
      return await readCheckpoint(join(root, name));
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      warn(`${error.message}; the checkpoint before it is used`);
    }
  }
  return undefined;
}

/** Whether a run has left checkpoints here, whole or not. */
export async function hasCheckpoints(root: string): Promise<boolean> {
  return (await namesIn(root)).some(isCheckpointName);
}

async function namesIn(root: string): Promise<string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

async function prune(root: string, keep: ReadonlySet<string | undefined>): Promise<void> {
  for (const name of await namesIn(root)) {
    const isOurs = isCheckpointName(name) || isTemporary(name);
    if (isOurs && !keep.has(name)) await rm(join(root, name), { recursive: true, force: true });
  }
}

/** All arrays of a state in one map: `parameters/NAME`, `first_moment/NAME`, ... */
function tensorsOf({ parameters, slots }: TrainingState): Map<string, NdArray<"float32">> {
  const tensors = new Map<string, NdArray<"float32">>();
  for (const [slot, arrays] of [["parameters", parameters] as const, ...slots]) {
    for (const [name, array] of arrays) tensors.set(`${slot}/${name}`, array);
  }
  return tensors;
}

function stateOf(path: string, step: number, tensors: ReadonlyMap<string, NdArray>): TrainingState {
  const parameters = new Map<string, NdArray<"float32">>();
  const slots = new Map<string, Map<string, NdArray<"float32">>>();
  for (const [key, array] of tensors) {
    const [, slot, name] = /^([^/]+)\/(.*)$/s.exec(key) ?? [];
    if (slot === undefined || name === undefined || array.dtype !== "float32") {
      throw new CheckpointError(
        path,
        "is no part of a training state: expected float32 under SLOT/PARAMETER",
        { tensor: key },
      );
    }
    const arrays = slot === "parameters" ? parameters : (slots.get(slot) ?? new Map());
    if (slot !== "parameters") slots.set(slot, arrays);
    arrays.set(name, array);
  }
  return { step, parameters, slots };
}

/** CRC-32 over all numbers by name: finds blocks that a disk lost although the sizes are right. */
function checksumOf(tensors: ReadonlyMap<string, NdArray>): number {
  let checksum = 0;
  for (const name of [...tensors.keys()].sort()) {
    const { data } = tensors.get(name)!;
    checksum = crc32(name, checksum);
    checksum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), checksum);
  }
  return checksum;
}

function saveError(folder: string, state: TrainingState, cause: unknown): TrainError {
  const numbers = [...tensorsOf(state).values()].reduce((sum, { data }) => sum + data.length, 0);
  const megabytes = Math.ceil((4 * numbers) / 1e6);
  const isFull =
    cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
  const reason = isFull
    ? `the disk is full; a checkpoint needs ${megabytes} MB, make room`
    : `${cause instanceof Error ? cause.message : cause}`;
  const message = `checkpoint ${folder} could not be written: ${reason}. Older checkpoints are untouched.`;
  return new TrainError("checkpoint-failed", message, { details: { folder, megabytes, isFull }, cause });
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
