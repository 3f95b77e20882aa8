import { type Checkpoint, hasCheckpoints, latestCheckpoint } from "./checkpoints.ts";
import { TrainError } from "./train-error.ts";

/**
 * The checkpoint that a run continues from, if there is one.
 *
 * @param settings what the run is started with now; must be what the checkpoint was made with
 * @throws {TrainError} `settings-differ`, naming them, and `checkpoint-exists` when a new run would overwrite
 *   the checkpoints of another
 */
export async function findStart(
  folder: string,
  {
    resume,
    settings,
    warn,
  }: { resume: boolean; settings: Readonly<Record<string, unknown>>; warn: (message: string) => void },
): Promise<Checkpoint | undefined> {
  if (!resume) {
    if (!(await hasCheckpoints(folder))) return undefined;
    const message = `${folder} has checkpoints of an earlier run: resume that run, or give the new one another folder`;
    throw new TrainError("checkpoint-exists", message, { details: { folder } });
  }
  const checkpoint = await latestCheckpoint(folder, warn);
  if (!checkpoint) {
    warn(`${folder} has no whole checkpoint: the run starts from its beginning`);
    return undefined;
  }
  const differences = differencesOf(checkpoint.progress.settings, settings);
  if (differences.length > 0) {
    const lines = differences.map(
      ({ path, saved, now }) => `  ${path}: ${show(saved)} in the checkpoint, ${show(now)} now`,
    );
    const message = `${checkpoint.folder} was made with other settings, so the run cannot continue from it:\n${lines.join("\n")}\nSet them back, or start a new run.`;
    throw new TrainError("settings-differ", message, { details: { differences } });
  }
  return checkpoint;
}

interface Difference {
  readonly path: string;
  readonly saved: unknown;
  readonly now: unknown;
}

/** Where two JSON values differ, leaf by leaf. */
export function differencesOf(saved: unknown, now: unknown, path: readonly string[] = []): Difference[] {
  if (isBranch(saved) && isBranch(now)) {
    const keys = new Set([...Object.keys(saved), ...Object.keys(now)]);
    return [...keys].flatMap((key) => differencesOf(saved[key], now[key], [...path, key]));
  }
  if (JSON.stringify(saved) === JSON.stringify(now)) return [];
  return [{ path: path.join("."), saved, now }];
}

const isBranch = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
/** A value as the messages about differences write it. */
export const show = (value: unknown) => (value === undefined ? "not set" : JSON.stringify(value));
