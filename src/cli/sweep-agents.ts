/** Agents of a sweep on this machine. */
import { availableParallelism, hostname } from "node:os";
import { isAlive, type Project, sweepAgent } from "../tasks/index.ts";
import type { SweepTracker } from "../tracking/index.ts";
import { agentName } from "./agent-name.ts";
import type { TrackingOptions } from "./choose-sweep-store.ts";
import type { CommonOptions, Context } from "./context.ts";
import { runTrials } from "./run-trial.ts";
import { tellSweep } from "./sweep-report.ts";

export interface SweepAgentsOptions {
  readonly project: Project;
  readonly store: SweepTracker;
  readonly sweepId: string;
  /** How many work at once; they share the cores. */
  readonly agents: number;
  readonly options: CommonOptions & TrackingOptions;
}

/** Works on a sweep until there is nothing left to do. @throws the first agent's error, once all have ended */
export async function runAgents(
  { terminal, checkpoints, signal }: Context,
  { project, store, sweepId, agents, options }: SweepAgentsOptions,
): Promise<void> {
  await takeFromTheDead(store, sweepId);
  const threads = agents > 1 ? Math.max(1, Math.floor(availableParallelism() / agents)) : undefined;
  const runTrial = runTrials(project, { options, checkpoints, threads });
  const failure = new AbortController();
  const report = tellSweep(terminal);
  const work = Array.from({ length: agents }, async (_, i) => {
    try {
      await sweepAgent({
        ...{ store, sweepId, runTrial, report },
        agent: agentName(i + 1),
        signal: AbortSignal.any([signal, failure.signal]),
      });
    } catch (error) {
      failure.abort();
      throw error;
    }
  });
  const ended = await Promise.allSettled(work);
  for (const result of ended) if (result.status === "rejected") throw result.reason;
}

/**
 * Gives back the trials of agents of this machine whose process is gone, without waiting for their claims to run out.
 * Where it is wrong (a container of the same name) the other agent notices that it has lost the trial.
 */
async function takeFromTheDead(store: SweepTracker, sweepId: string): Promise<void> {
  for (const { status, agent, number } of await store.listTrials(sweepId)) {
    const [host, pid] = agent?.split("/") ?? [];
    if (status === "RUNNING" && agent && host === hostname() && !isAlive(Number(pid)))
      await store.giveBackTrial(sweepId, number, agent);
  }
}
