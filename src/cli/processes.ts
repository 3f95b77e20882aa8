/** Training in several processes: mpirun starts the same command in each, the first leads and alone says anything. */
import { availableParallelism, cpus } from "node:os";
import { announceEnd, followRuns } from "../tasks/index.ts";
import { joinProcesses, type ProcessGroup } from "../tensor/index.ts";

/**
 * Leads the processes that mpirun started, or follows the one that leads: a person notices the first one only.
 * An error of any of them ends all, since mpirun ends the others when one has failed.
 *
 * @param project what the followers train, as it was typed
 * @param lead    the command, in the first process or the only one; `stop` is what mpirun hands on of a signal
 */
export async function withProcesses(
  project: string,
  lead: (processes: ProcessGroup, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const processes = await joinProcesses();
  const isFirst = processes.rank === 0;
  // Open MPI kills a second after SIGINT and SIGTERM, too early for a checkpoint; of SIGUSR1 it makes nothing.
  const isAlone = processes.size === 1;
  using stop = stopOn(isAlone ? [] : isFirst ? ["SIGUSR1"] : ["SIGUSR1", "SIGINT", "SIGTERM"]);
  try {
    if (isFirst) {
      await lead(processes, stop.signal);
      await announceEnd(processes);
    } else await followRuns(project, { processes, signal: stop.signal });
    await processes.close();
  } catch (error) {
    await processes.abandon();
    if (isFirst) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`process ${processes.rank} of ${processes.size}: ${message}`, { cause: error });
  }
}

/** A signal that is aborted by these of the operating system, for as long as it is in use. */
function stopOn(names: readonly NodeJS.Signals[]): { readonly signal: AbortSignal } & Disposable {
  const stop = new AbortController();
  const abort = () => stop.abort();
  for (const name of names) process.on(name, abort);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, abort);
    },
  };
}

/** What a person who starts several processes wants to know; nothing where there is one. */
export function describeProcesses({ size, threads = 0 }: ProcessGroup): string | undefined {
  if (size === 1) return undefined;
  const [usable, all] = [availableParallelism(), cpus().length];
  const bound =
    usable * size < all
      ? ` (bound to ${usable} of ${all} cores; mpirun --bind-to none lets them use all)`
      : "";
  return `training in ${size} processes, ${threads} ${threads === 1 ? "thread" : "threads"} each${bound}`;
}
