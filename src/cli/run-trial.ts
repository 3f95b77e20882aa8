/** Trials of a sweep, each in a process of its own: a crash or a lack of memory costs one trial. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  overridesOf,
  type Project,
  type RunTrial,
  type TrialHooks,
  type TrialOutcome,
} from "../tasks/index.ts";
import type { TrackingOptions } from "./choose-sweep-store.ts";
import type { CommonOptions } from "./context.ts";
import { type TrialOrder, trialMessage } from "./trial-process.ts";

const program = fileURLToPath(new URL("trial-process.ts", import.meta.url));

export interface RunTrialsOptions {
  readonly options: CommonOptions & TrackingOptions;
  /** Checkpoints of all runs of this machine. */
  readonly checkpoints: string;
  /** Of each trial; all cores unless given. */
  readonly threads?: number | undefined;
  /** How long a process may take to save its state when it is to stop. */
  readonly patienceMs?: number;
}

/** How trials of a project are run on this machine. */
export function runTrials(
  project: Project,
  { options, checkpoints, threads, patienceMs = 60_000 }: RunTrialsOptions,
): RunTrial {
  return (trial, sweep, hooks) => {
    const { runId } = trial;
    // Only the machine that began a run has its checkpoints.
    const resume = runId !== undefined && existsSync(join(checkpoints, runId)) ? runId : undefined;
    const shared = threads === undefined ? [] : threadsUnlessSet(threads, sweep.overrides);
    const order: TrialOrder = {
      project: project.folder,
      options,
      overrides: [...sweep.overrides, ...shared, ...overridesOf(trial.parameters)],
      tags: { "havn.sweep": sweep.sweepId, "havn.sweep.trial": String(trial.number) },
      resume,
    };
    return runTrialProcess(order, hooks, { patienceMs });
  };
}

const threadsUnlessSet = (threads: number, overrides: readonly string[]): string[] =>
  overrides.some((override) => /^\+*training\.threads=/.test(override))
    ? []
    : [`training.threads=${threads}`];

/** How much of what a process says last is kept, to explain its death. */
const keptCharacters = 2000;

/** Starts the process, passes on what it says, and waits for its end. */
export function runTrialProcess(
  order: TrialOrder,
  { signal, onRun, onEvaluation }: TrialHooks,
  { patienceMs }: { readonly patienceMs: number },
): Promise<TrialOutcome> {
  const child = fork(program, [JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: process.execArgv.filter((argument) => !argument.startsWith("--inspect")),
  });
  const { promise, resolve } = Promise.withResolvers<TrialOutcome>();
  let outcome: TrialOutcome | undefined;
  let lastWords = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-keptCharacters);
  });
  child.on("message", (sent) => {
    const message = trialMessage.parse(sent);
    if (message.kind === "run") onRun(message.runId);
    else if (message.kind === "evaluation") onEvaluation(withNaN(message.metrics), message.count);
    else if (message.kind === "failed") outcome = { status: "failed", error: message.message };
    else
      outcome =
        message.status === "finished"
          ? { status: "finished", runId: message.runId }
          : { status: "interrupted" };
  });
  const stop = stopping(child, signal, patienceMs);
  child.on("error", (error) => {
    outcome = { status: "failed", error: `its process could not be started: ${error.message}` };
    resolve(outcome);
  });
  child.on("close", (code, killedBy) => {
    stop[Symbol.dispose]();
    resolve(outcome ?? died({ code, killedBy, lastWords, isStopped: signal.aborted }));
  });
  return promise;
}

/** Asks the process to save its state and end, and makes it end when it takes too long. */
function stopping(child: ChildProcess, signal: AbortSignal, patienceMs: number): Disposable {
  let patience: NodeJS.Timeout | undefined;
  const stop = () => {
    if (child.connected) child.send("stop");
    patience = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener("abort", stop);
      clearTimeout(patience);
    },
  };
}

interface Death {
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly lastWords: string;
  readonly isStopped: boolean;
}

function died({ code, killedBy, lastWords, isStopped }: Death): TrialOutcome {
  if (isStopped) return { status: "interrupted" };
  const how =
    killedBy === "SIGKILL"
      ? "its process was killed (SIGKILL): most likely the memory was not enough"
      : `its process ended with ${killedBy ?? `code ${code}`}`;
  const words = lastWords.trim().split("\n");
  // The line that names the error, of all that Node prints around it.
  const line = words.find((line) => /^\S*Error\b|^FATAL/.test(line)) ?? words.at(-1);
  return { status: "failed", error: line ? `${how}: ${line}` : how };
}

/** JSON has no NaN. */
const withNaN = (metrics: Readonly<Record<string, number | null>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? Number.NaN]));
