/** Runs the `havn` command in processes of their own, as a person would. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../bin/havn.js", import.meta.url));

export interface HavnOptions {
  readonly cwd?: string | undefined;
  /** Beside the environment of the tests; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Program and first arguments in place of this Node and bin/havn.js. */
  readonly command?: readonly [string, ...string[]] | undefined;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HavnProcess {
  /** All that was said so far, on stdout and stderr. */
  readonly output: string;
  /** Waits until stdout or stderr says this; rejects, with all that was said, when the process ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
  /** The end, whatever it is. */
  readonly ended: Promise<Ended>;
}

/** Starts `havn`; whoever starts it stops it. */
export function startHavn(
  args: readonly string[],
  { cwd, env, command = [process.execPath, program] }: HavnOptions = {},
): HavnProcess {
  const [file, ...first] = command;
  const child = spawn(file, [...first, ...args], {
    cwd,
    env: { ...process.env, HAVN_HOME: undefined, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Observed(child);
}

/** Runs `havn` to its end. */
export const havn = (args: readonly string[], options?: HavnOptions): Promise<Ended> =>
  startHavn(args, options).ended;

/** Runs `havn ... --json` to its end and reads its result. @throws {Error} with all that it said when it fails */
export async function havnJson<T>(args: readonly string[], options?: HavnOptions): Promise<T> {
  const { code, stdout, stderr } = await havn([...args, "--json"], options);
  if (code !== 0) throw new Error(`havn ${args.join(" ")} ended with ${code}\n${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}

class Observed implements HavnProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #said = { stdout: "", stderr: "" };
  #listeners: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const name of ["stdout", "stderr"] as const)
      child[name]!.setEncoding("utf8").on("data", (text: string) => {
        this.#said[name] += text;
        for (const listener of this.#listeners) listener();
      });
    const { promise, resolve, reject } = Promise.withResolvers<Ended>();
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, ...this.#said }));
    this.ended = promise;
  }

  get output(): string {
    return this.#said.stdout + this.#said.stderr;
  }

  says(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const look = () => {
      const match = pattern.exec(this.#said.stdout) ?? pattern.exec(this.#said.stderr);
      if (match) resolve(match);
    };
    this.#listeners.push(look);
    look();
    const tooLate = () => reject(new Error(`havn ended and never said ${pattern}:\n${this.output}`));
    this.ended.then(tooLate, reject);
    return promise;
  }

  stop(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }
}
