/** Runs whose process was killed before it could say so, and runs that can go on. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Run, Tracker } from "../tracking/index.ts";
import type { Project } from "./project.ts";
import { isGone, processTag } from "./run-process.ts";

type Named = Pick<Project, "name">;

/** More runs do not train at once. */
const mostRunning = 1000;

/**
 * Says of runs that still count as running that they were killed, where their process was one of this machine and is
 * gone. Their end is the last that was heard of them.
 *
 * @returns these runs, the newest first
 */
export async function endAbandonedRuns(project: Named, store: Tracker): Promise<Run[]> {
  const running = await runsOf(project, store, "attributes.status = 'RUNNING'", mostRunning);
  const abandoned = running.filter(({ tags }) => {
    const name = tags[processTag];
    return name !== undefined && isGone(name);
  });
  for (const { runId, startTime, metrics } of abandoned) {
    const times = Object.values(metrics).map(({ timestamp }) => timestamp);
    await store.updateRun(runId, { status: "KILLED", endTime: Math.max(startTime, ...times) });
  }
  return abandoned;
}

/** How many runs are looked at for one with a checkpoint. */
const mostCandidates = 50;

/**
 * The newest run of a project's own configuration, without overrides, that can go on: it was stopped or killed and has
 * left checkpoints on this machine, or it has finished and what comes after training was not done.
 *
 * @param checkpoints folder of the checkpoints of all runs
 */
export async function unfinishedRun(
  project: Named,
  store: Tracker,
  checkpoints: string,
): Promise<Run | undefined> {
  const ended = await runsOf(project, store, "attributes.status != 'RUNNING'", mostCandidates);
  return ended.find(
    ({ runId, status, tags }) =>
      (status === "KILLED" || status === "FINISHED") &&
      tags["havn.overrides"] === "" &&
      existsSync(join(checkpoints, runId)),
  );
}

async function runsOf({ name }: Named, store: Tracker, filter: string, maxResults: number): Promise<Run[]> {
  const experiment = await store.getExperimentByName(name);
  if (!experiment) return [];
  const experimentIds = [experiment.experimentId];
  const orderBy = ["attributes.start_time DESC"];
  return (await store.searchRuns({ experimentIds, filter, orderBy, maxResults })).items;
}
