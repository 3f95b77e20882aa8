/** The processes that train one model together, as the main thread of each of them sees the others. */
import { readFile } from "node:fs/promises";
import { availableParallelism, hostname } from "node:os";
import { Worker } from "node:worker_threads";
import { mpiLaunch } from "./mpi-launch.ts";
import { WorkerCalls } from "./worker-calls.ts";

export interface ProcessGroup {
  /** This process among the others, from 0. */
  readonly rank: number;
  readonly size: number;
  /** Threads for each run of a program here, so that processes do not share cores; all cores where undefined. */
  readonly threads?: number | undefined;
  /** One value of each process, by rank, in all of them: plain data. Waits until every process has called it. */
  gather<T>(value: T): Promise<T[]>;
  /** Waits for the others and takes leave of them. */
  close(): Promise<void>;
  /** Leaves without a word: when this process then ends with an error, the launcher ends the others. */
  abandon(): Promise<void>;
}

/** A process that trains alone. */
export const oneProcess: ProcessGroup = {
  rank: 0,
  size: 1,
  gather: async (value) => [value],
  close: async () => {},
  abandon: async () => {},
};

/**
 * Joins the processes that mpirun started with this one; alone where it did not. Once in the life of a process.
 * @throws {TensorError} when the launcher's MPI library is missing
 */
export async function joinProcesses(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ProcessGroup> {
  const launch = mpiLaunch(env);
  if (!launch) return oneProcess;
  const calls = new WorkerCalls(new Worker(new URL("./training-worker.ts", import.meta.url)));
  try {
    const place = await calls.call<{ rank: number; size: number }>("join", [launch]);
    const cores = await calls.call<string[]>("gather", [await coresOfThisProcess()]);
    const sharing = cores.filter((others) => others === cores[place.rank]).length;
    const threads = Math.max(1, Math.floor(availableParallelism() / sharing));
    return new LaunchedProcesses(calls, { ...place, threads });
  } catch (error) {
    await calls.close();
    throw error;
  }
}

/** Names the cores that a process may run on: equal for processes that share them. */
async function coresOfThisProcess(): Promise<string> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  return `${hostname()} ${/^Cpus_allowed_list:.*$/m.exec(status) ?? ""}`;
}

/** A group whose processes train, and talk, in the one thread of each that MPI belongs to. */
export class LaunchedProcesses implements ProcessGroup {
  readonly rank: number;
  readonly size: number;
  readonly threads: number;
  /** Calls into the thread, for its training sessions: one at a time. */
  readonly calls: WorkerCalls;

  constructor(calls: WorkerCalls, { rank, size, threads }: { rank: number; size: number; threads: number }) {
    this.calls = calls;
    this.rank = rank;
    this.size = size;
    this.threads = threads;
    process.on("exit", this.#endWhenStuck);
  }

  gather<T>(value: T): Promise<T[]> {
    return this.calls.call("gather", [value]);
  }

  async close(): Promise<void> {
    await this.calls.call("leave");
    await this.abandon();
  }

  async abandon(): Promise<void> {
    if (this.calls.isWaiting) return this.calls.unref();
    process.off("exit", this.#endWhenStuck);
    await this.calls.close();
  }

  /** A thread that waits for other processes cannot be stopped, and Node would wait for it. */
  readonly #endWhenStuck = (): void => {
    if (this.calls.isWaiting) process.kill(process.pid, "SIGKILL");
  };
}
