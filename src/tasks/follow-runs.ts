/** Runs in several processes: the first one leads and keeps them (`trainingRun`), the others follow. */
import type { ProcessGroup } from "../tensor/index.ts";
import { followTraining, TrainError, type TrainErrorCode } from "../train/index.ts";
import { inSession, prepareTraining } from "./prepare-training.ts";
import { loadProject } from "./project.ts";
import { type ProjectConfig, projectConfig } from "./project-config.ts";

/** What the first process tells the others before a run; its overrides have absolute paths. */
type Announcement = readonly string[] | "end";

/** Tells the processes that follow what is trained next. */
export async function announceRun(processes: ProcessGroup, { composition }: ProjectConfig): Promise<void> {
  await processes.gather<Announcement>(composition.overrides);
}

/** Tells them that there is no further run. */
export async function announceEnd(processes: ProcessGroup): Promise<void> {
  await processes.gather<Announcement>("end");
}

/** What all processes find out together: the first one says it, and its end is theirs. */
const common: readonly TrainErrorCode[] = ["not-finite", "settings-differ", "unknown-metric"];

/**
 * Takes part in the runs of the first process until it has no more.
 * @param name the project, as `loadProject` finds it here
 */
export async function followRuns(
  name: string,
  { processes, signal }: { readonly processes: ProcessGroup; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    const [next] = await processes.gather<Announcement>([]);
    if (next === "end" || next === undefined) return;
    const project = await loadProject(name);
    const config = projectConfig(project, next, { command: `havn train ${project.name}` });
    const prepared = await prepareTraining(project, config);
    try {
      await inSession(prepared, config, { processes, signal, train: followTraining });
    } catch (error) {
      if (!(error instanceof TrainError && common.includes(error.code))) throw error;
    }
  }
}
