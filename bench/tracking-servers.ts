/** The tracking servers that are compared, each as a process of its own over an empty folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../src/http/index.ts";
import { residentBytes } from "./resident-bytes.ts";

export interface TrackingServer {
  readonly url: string;
  /** From the start of the process to its first answer. */
  readonly readySeconds: number;
  /** Memory of all its processes, now. */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** `havn track` over a home folder. */
export async function startHavn(home: string): Promise<TrackingServer> {
  const main = fileURLToPath(new URL("../bin/havn.js", import.meta.url));
  const port = await freePort();
  return start(process.execPath, [main, "track", "--port", String(port), "--home", home], port, home);
}

/** `mlflow server` as its documentation starts it, with a SQLite file. @param python that has mlflow */
export async function startMlflow(python: string, folder: string): Promise<TrackingServer> {
  const port = await freePort();
  const words = [
    ...["server", "--host", "127.0.0.1", "--port", String(port)],
    ...["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`],
    ...["--artifacts-destination", join(folder, "artifacts")],
  ];
  return start(join(dirname(python), "mlflow"), words, port, folder);
}

async function start(
  program: string,
  words: readonly string[],
  port: number,
  folder: string,
): Promise<TrackingServer> {
  const started = performance.now();
  // A process group of its own, so that all of it can be ended.
  const server = spawn(program, words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"], detached: true });
  let said = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error(`${program} ended with ${server.exitCode}: ${said}`);
    await delay(5);
  }
  return {
    url,
    readySeconds: (performance.now() - started) / 1000,
    residentBytes: () => processTree(server.pid!).reduce((sum, pid) => sum + residentBytes(pid), 0),
    stop: () => stop(server),
  };
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/api/2.0/mlflow/experiments/get?experiment_id=0`).then(
    async (response) => {
      await response.text();
      return response.ok;
    },
    () => false,
  );

async function stop(server: ChildProcess): Promise<void> {
  const exit = once(server, "exit");
  process.kill(-server.pid!, "SIGTERM");
  await Promise.race([exit, delay(5000)]);
  try {
    process.kill(-server.pid!, "SIGKILL");
  } catch {
    // All of it has ended by itself.
  }
}

/** A process and all that it started, from Linux' list of processes. */
function processTree(root: number): number[] {
  const parents = globSync("/proc/[0-9]*/stat").flatMap((file) => {
    try {
      const [pid, parent] = readFileSync(file, "utf8")
        .replace(/\(.*\) . /s, "")
        .split(" ");
      return [[Number(pid), Number(parent)] as const];
    } catch {
      return [];
    }
  });
  const below = (pid: number): number[] => [
    pid,
    ...parents.filter(([, parent]) => parent === pid).flatMap(([child]) => below(child)),
  ];
  return below(root);
}
