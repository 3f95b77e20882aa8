import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { CommandHook } from "./registry-events.ts";
import type { Message, Receiver } from "./registry-events-receiver.ts";

/** How much of what a program says last is kept, to explain its failure. */
const keptCharacters = 1000;
/** Between the request to end and the end. */
const patienceMs = 2000;

/** Starts a program for each event: the event as JSON on its standard input, and as variables of its environment. */
export const commandReceiver = ({ run, folder }: Pick<CommandHook, "run" | "folder">): Receiver => ({
  // Arguments may hold a secret.
  name: `command ${createHash("sha256").update(JSON.stringify(run)).digest("hex").slice(0, 32)}`,
  label: run[0],
  async receive(message, signal) {
    const error = await failureOf(run, { folder, message, signal });
    return error === undefined ? undefined : { error };
  },
});

/** All of them always set: a script that stops at unset variables gets an empty one. */
const variablesOf = ({ event: { name, version, alias }, topic }: Message): Record<string, string> => ({
  HAVN_EVENT: topic,
  HAVN_MODEL: name,
  HAVN_VERSION: version === undefined ? "" : String(version),
  HAVN_ALIAS: alias ?? "",
});

interface CommandOptions {
  readonly folder: string;
  readonly message: Message;
  readonly signal: AbortSignal;
}

/** Runs a program to its end. @returns what went wrong, in words */
async function failureOf(
  [program, ...args]: CommandHook["run"],
  { folder, message, signal }: CommandOptions,
): Promise<string | undefined> {
  try {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, ...variablesOf(message) },
      stdio: ["pipe", "ignore", "pipe"],
      // A group of its own, so that what it has started ends with it.
      detached: process.platform !== "win32",
    });
    const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    // A program need not read what it is given.
    child.stdin.on("error", () => {}).end(message.body);
    using _ = endsWith(child, signal);
    const lastLine = lastLineOf(child);
    const [code, killedBy] = await ended;
    if (code === 0) return undefined;
    if (signal.aborted) return signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
    const how = killedBy === null ? `exit code ${code}` : `ended by ${killedBy}`;
    const words = await lastLine();
    return words ? `${how}: ${words}` : how;
  } catch (error) {
    return notStarted(program, error);
  }
}

/** @returns what tells the last line that a program has written to stderr, once it has ended */
function lastLineOf(child: ChildProcessByStdio<Writable, null, Readable>): () => Promise<string | undefined> {
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-keptCharacters);
  });
  const closed = once(child, "close").catch(() => {});
  return async () => {
    // What it has left running may hold the pipe open for as long as it likes, and is not waited for.
    await Promise.race([closed, delay(100)]);
    return said.trim().split("\n").at(-1);
  };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such program",
  EACCES: "it may not be executed (chmod +x)",
};

function notStarted(program: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return `${program} could not be started: ${why}`;
}

/** Ends a program, and all that it has started, when the signal comes. */
function endsWith(child: ChildProcess, signal: AbortSignal): Disposable {
  let patience: NodeJS.Timeout | undefined;
  const end = () => {
    kill(child, "SIGTERM");
    patience = setTimeout(() => kill(child, "SIGKILL"), patienceMs);
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener("abort", end);
      clearTimeout(patience);
      if (signal.aborted) kill(child, "SIGKILL");
    },
  };
}

function kill(child: ChildProcess, by: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, by);
  } catch {
    // It has ended by itself.
  }
}
