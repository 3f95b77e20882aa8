import type { TrainingState } from "../tensor/index.ts";

/** What a checkpoint holds for a user of the model: everything that training changes. */
export async function readCheckpoint(folder: string): Promise<TrainingState> {
  throw new Error(`not written yet: ${folder}`);
}
