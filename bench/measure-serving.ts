/** Answers a second of a project's service under load, beside the same service in FastAPI and PyTorch. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "../src/http/index.ts";
import { type LoadReport, type LoadRequest, runLoad } from "../src/serving/index.ts";
import {
  loadProject,
  openVersion,
  type Project,
  projectConfig,
  type SampleRequest,
  sampleRequests,
  untrainedVersion,
  withoutCheckpoint,
} from "../src/tasks/index.ts";
import type { Precision } from "../src/tensor/index.ts";
import { openStore } from "../src/tracking/index.ts";
import { residentBytes } from "./resident-bytes.ts";
import { threadCpu } from "./thread-cpu.ts";

export interface ServingBench {
  readonly project: string;
  readonly users: number;
  readonly seconds: number;
  readonly preset?: string;
  readonly precision: Precision;
  /** Further words of `havn serve`. */
  readonly options?: readonly string[];
  /** Folder of the data whose test rows are asked. */
  readonly data?: string;
  /** How the peer's endpoint is written. */
  readonly peerStyle?: PeerStyle;
}

/** Plain functions in FastAPI's pool of threads, or `async` ones that compute on its event loop. */
export const peerStyles = ["threads", "async"] as const;
export type PeerStyle = (typeof peerStyles)[number];

export interface ServedFigures {
  readonly report: LoadReport;
  /** From the start of the process until it answers, the model's making and loading included. */
  readonly readySeconds: number;
  /**
   * Of the process's CPU time under load, the share of its main thread. Ours does HTTP, parsing and logging there, and all
   * else in other threads: it is what HTTP and logging cost, without the program that puts the load.
   */
  readonly mainThreadShare: number;
  /** Resident memory after a fifth of the load, in its middle, at its end, and at most. */
  readonly memory: {
    readonly startBytes: number;
    readonly middleBytes: number;
    readonly endBytes: number;
    readonly peakBytes: number;
  };
}

export interface ServingFigures extends ServedFigures {
  /** Answers a second of the same workers without HTTP and without the log. */
  readonly withoutHttpPerSecond: number;
  /** Share of the answers that HTTP, the log and the program that puts the load cost together. */
  readonly httpShare: number;
  readonly peer?: ServedFigures;
  /** Answers a second, ours over the peer's. */
  readonly ratio?: number;
}

const root = fileURLToPath(new URL("../", import.meta.url));

export async function measureServing(bench: ServingBench, python?: string): Promise<ServingFigures> {
  const project = await loadProject(bench.project);
  const { config, overrides } = configOf(project, bench);
  const samples = await sampleRequests(project, config, { limit: 200 });
  const requests = samples.map(({ request }) => request);
  const own = await serveOwn(bench, requests);
  const withoutHttpPerSecond = await askInProcess(project, bench, { overrides, samples });
  const httpShare = 1 - own.report.answersPerSecond / withoutHttpPerSecond;
  const peer = python === undefined ? undefined : await servePeer(bench, requests, python);
  const ratio = peer && own.report.answersPerSecond / peer.report.answersPerSecond;
  return { ...own, withoutHttpPerSecond, httpShare, ...(peer && { peer, ratio: ratio! }) };
}

function configOf(project: Project, { preset, data }: ServingBench) {
  const command = `havn serve ${project.name}`;
  const places = { command, workingFolder: process.cwd() };
  const chosen = [
    ...(preset === undefined ? [] : [`model=${preset}`]),
    ...(data === undefined ? [] : [`data.folder=${JSON.stringify(data)}`]),
  ];
  const overrides = [...chosen, ...withoutCheckpoint(projectConfig(project, chosen, places))];
  return { config: projectConfig(project, overrides, places), overrides };
}

async function serveOwn(bench: ServingBench, requests: readonly LoadRequest[]): Promise<ServedFigures> {
  const { project, preset, precision, options = [] } = bench;
  const words = ["serve", project, "--random-weights", "--precision", precision, "--port", "0", "--json"];
  const started = performance.now();
  const server = spawn(
    process.execPath,
    ["bin/havn.js", ...words, ...(preset ? ["--preset", preset] : []), ...options],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  return underLoad(server, bench, requests, async () => {
    const line = await Promise.race([
      once(createInterface({ input: server.stdout! }), "line"),
      ended(server),
    ]);
    const { url } = JSON.parse(String(line[0])) as { url: string };
    return { url, readySeconds: (performance.now() - started) / 1000 };
  });
}

async function servePeer(
  bench: ServingBench,
  requests: readonly LoadRequest[],
  python: string,
): Promise<ServedFigures> {
  const port = await freePort();
  const vocabulary = join(root, "projects", "movie-reviews", "tokenizer", "vocab.txt");
  const words = ["--service", bench.project, "--port", String(port), "--vocabulary", vocabulary];
  words.push("--style", bench.peerStyle ?? "threads");
  const started = performance.now();
  const server = spawn(python, [join(root, "bench", "peers", "serve.py"), ...words], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  return underLoad(server, bench, requests, async () => {
    const gone = ended(server);
    for (;;) {
      const isUp = await Promise.race([
        fetch(`${url}/health`).then(
          () => true,
          () => false,
        ),
        gone,
      ]);
      if (isUp === true) return { url, readySeconds: (performance.now() - started) / 1000 };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
}

/** Rejects when the process ends. */
async function ended(server: ChildProcess): Promise<never> {
  const [code] = (await once(server, "exit")) as [number | null];
  throw new Error(`the service ended with ${code} before it was ready`);
}

async function underLoad(
  server: ChildProcess,
  { users, seconds }: ServingBench,
  requests: readonly LoadRequest[],
  ready: () => Promise<{ url: string; readySeconds: number }>,
): Promise<ServedFigures> {
  try {
    const { url, readySeconds } = await ready();
    const resident: number[] = [];
    const timer = setInterval(() => resident.push(residentBytes(server.pid!)), 1000);
    const load = { url, requests, users, durationSeconds: seconds, warmUpSeconds: 3, timeoutMs: 120_000 };
    const before = threadCpu(server.pid!);
    const report = await runLoad({ ...load, check: { tolerance: 1e-3 } });
    const after = threadCpu(server.pid!);
    clearInterval(timer);
    const mainMs = after.mainMs - before.mainMs;
    const mainThreadShare = mainMs / Math.max(1, mainMs + after.othersMs - before.othersMs);
    const memory = {
      startBytes: resident[Math.floor(resident.length / 5)] ?? 0,
      middleBytes: resident[Math.floor(resident.length / 2)] ?? 0,
      endBytes: resident.at(-1) ?? 0,
      peakBytes: Math.max(0, ...resident),
    };
    return { report, readySeconds, mainThreadShare, memory };
  } finally {
    const gone = server.exitCode === null ? once(server, "exit") : undefined;
    server.kill("SIGTERM");
    // A server that is far behind would first answer users who have left.
    const limit = setTimeout(() => server.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(limit);
  }
}

/** The same workers and the same users without a network between: what HTTP and the log cost is the difference. */
async function askInProcess(
  project: Project,
  { users, seconds, precision }: ServingBench,
  {
    overrides,
    samples,
  }: { readonly overrides: readonly string[]; readonly samples: readonly SampleRequest[] },
): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), "havn-bench-"));
  const store = await openStore({ home });
  try {
    const config = projectConfig(project, overrides, { command: "", workingFolder: process.cwd() });
    const version = await untrainedVersion(project, { config, precision, store });
    // Nobody is refused here: what is asked for is how much the workers can do.
    const limits = { maxQueued: users, maxQueuedMs: Number.POSITIVE_INFINITY };
    const model = await openVersion(project, { store, version: version.version, limits });
    const inputs = samples.map(({ sample }) => ({
      input: project.route.toInput({ [project.page.input.field]: sample }),
      length: typeof sample === "string" ? sample.length : 1,
    }));
    let [next, answered, start] = [0, 0, performance.now()];
    const run = async (until: number) => {
      while (performance.now() < until) {
        const { input, length } = inputs[next++ % inputs.length]!;
        await model.queue.ask(input, length);
        answered++;
      }
    };
    const runAll = (milliseconds: number) => {
      [answered, start] = [0, performance.now()];
      return Promise.all(Array.from({ length: users }, () => run(start + milliseconds)));
    };
    await runAll(3000);
    await runAll(1000 * seconds);
    const perSecond = answered / ((performance.now() - start) / 1000);
    await model.queue.close();
    return perSecond;
  } finally {
    await store.close();
    await rm(home, { recursive: true, force: true });
  }
}
