import { readdirSync, readFileSync } from "node:fs";

export interface ThreadCpu {
  /** Of the thread in which the program began. */
  readonly mainMs: number;
  readonly othersMs: number;
}

/** A tick of the clock in which Linux counts. */
const tickMs = 10;

/** CPU time that the threads of a process have had (Linux); 0 where it cannot be told. */
export function threadCpu(pid: number): ThreadCpu {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      // Behind the name, which may hold anything, come state, ..., user time and system time.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return { isMain: Number(thread) === pid, ms: tickMs * (Number(fields[11]) + Number(fields[12])) };
    });
    const sum = (isMain: boolean) =>
      threads.reduce((total, thread) => total + (thread.isMain === isMain ? thread.ms : 0), 0);
    return { mainMs: sum(true), othersMs: sum(false) };
  } catch {
    return { mainMs: 0, othersMs: 0 };
  }
}
