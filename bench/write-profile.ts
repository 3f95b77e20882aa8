import { writeFile } from "node:fs/promises";
import { chromeTrace, type TrainingSession } from "../src/tensor/index.ts";

/** Writes what a session that was started with `profile: true` did, for chrome://tracing and Perfetto. */
export async function writeProfile(session: TrainingSession, file: string): Promise<void> {
  await writeFile(file, chromeTrace(await session.profile()));
}
