/** Which process works on a run: a run whose process is gone does not run, whatever it says of itself. */
import { hostname, uptime } from "node:os";

/** Tag of a run that says who works on it. */
export const processTag = "havn.process";

/** Tag that says how many processes trained it together. */
export const processesTag = "havn.processes";

/** This process: machine, number, and since when it has worked on the run, in milliseconds since 1970. */
export const thisProcess = (): string => `${hostname()}/${process.pid}/${Date.now()}`;

/**
 * Whether a process is known to be gone. Of other machines nothing is known.
 * @param name as `thisProcess` has given it
 */
export function isGone(name: string): boolean {
  const [host, pid, time] = name.split("/");
  if (host !== hostname()) return false;
  const since = Number(time);
  const machineStarted = Date.now() - 1000 * uptime();
  if (since < machineStarted) return true;
  // In a container that was started again, this process may have the number of the one that died.
  return Number(pid) === process.pid ? since < performance.timeOrigin : !isAlive(Number(pid));
}

/** Whether this machine has a process of that number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive, too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
