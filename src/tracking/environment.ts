import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

/** Where a run came from: code, dependencies, machine. */
export interface Environment {
  /** `missing` says why there is no commit. */
  readonly git:
    | { readonly commit: string; readonly branch: string; readonly dirty: boolean }
    | { readonly missing: string };
  /** SHA-256 of the nearest package-lock.json, hexadecimal. */
  readonly lockfileHash?: string;
  readonly havnVersion: string;
  readonly nodeVersion: string;
  /** Such as `linux-x64`. */
  readonly platform: string;
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  /** As typed, with what looks like a secret left out. */
  readonly commandLine: readonly string[];
}

/**
 * Finds out where the program and the project in `folder` come from. Never fails: what cannot be known is missing,
 * or says why it is.
 */
export async function describeEnvironment(
  folder: string = process.cwd(),
  { commandLine = process.argv.slice(1) }: { commandLine?: readonly string[] } = {},
): Promise<Environment> {
  const [git, lockfile, havnVersion] = await Promise.all([
    describeGit(folder),
    findLockfile(folder),
    ownVersion(),
  ]);
  const cpus = os.cpus();
  return {
    git,
    ...(lockfile && { lockfileHash: createHash("sha256").update(lockfile).digest("hex") }),
    havnVersion,
    nodeVersion: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpuModel: cpus[0]?.model.trim() || "unknown",
    cpuCount: cpus.length,
    memoryBytes: os.totalmem(),
    commandLine: withoutSecrets(commandLine),
  };
}

/** The environment as tags of a run, under MLflow's names where it has one. */
export function environmentTags(environment: Environment): Record<string, string> {
  const { git, commandLine, lockfileHash } = environment;
  return {
    "mlflow.source.type": "LOCAL",
    // A tag has room for 8,000 characters.
    "mlflow.source.name": commandLine.join(" ").slice(0, 4000),
    ...("commit" in git
      ? {
          "mlflow.source.git.commit": git.commit,
          "mlflow.source.git.branch": git.branch,
          "havn.git.dirty": String(git.dirty),
        }
      : { "havn.git.missing": git.missing }),
    ...(lockfileHash && { "havn.lockfile.sha256": lockfileHash }),
    "havn.version": environment.havnVersion,
    "havn.node": environment.nodeVersion,
    "havn.platform": environment.platform,
    "havn.cpu": `${environment.cpuCount} x ${environment.cpuModel}`,
    "havn.memory_bytes": String(environment.memoryBytes),
  };
}

async function describeGit(folder: string): Promise<Environment["git"]> {
  try {
    // One call for all three. Without optional locks it does not get in the way of a git that the user runs.
    const { stdout } = await promisify(execFile)("git", ["status", "--porcelain=v2", "--branch"], {
      cwd: folder,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" },
      maxBuffer: 64 * 1024 * 1024,
      timeout: 10_000,
    });
    const lines = stdout.split("\n").filter((line) => line !== "");
    const header = (name: string) =>
      lines.find((line) => line.startsWith(`# ${name} `))?.slice(name.length + 3);
    const commit = header("branch.oid");
    if (!commit || commit === "(initial)") return { missing: "the git repository has no commit yet" };
    return {
      commit,
      branch: header("branch.head") ?? "(detached)",
      dirty: lines.some((line) => !line.startsWith("# ")),
    };
  } catch (error) {
    return { missing: whyNoGit(error) };
  }
}

function whyNoGit(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  if (words.includes("not a git repository")) return "not a git repository";
  if (words.includes("ENOENT")) return "git is not installed, or the folder does not exist";
  return `git did not answer: ${words.split("\n").find((line) => line.startsWith("fatal:")) ?? words.slice(0, 200)}`;
}

/** The nearest package-lock.json, upwards from `folder`. */
async function findLockfile(folder: string): Promise<Buffer | undefined> {
  for (let current = path.resolve(folder); ; current = path.dirname(current)) {
    const found = await readFile(path.join(current, "package-lock.json")).catch(() => undefined);
    if (found || current === path.dirname(current)) return found;
  }
}

async function ownVersion(): Promise<string> {
  const manifest = z.object({ version: z.string() });
  try {
    return manifest.parse(JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")))
      .version;
  } catch {
    return "unknown";
  }
}

const secretName = /token|password|passwd|secret|credential|api[-_]?key/i;

/** `--token X`, `--token=X`, `tracking.password=X` and `scheme://user:X@host` lose their X. */
function withoutSecrets(commandLine: readonly string[]): string[] {
  return commandLine.map((argument, i) => {
    const before = commandLine[i - 1];
    if (
      before?.startsWith("-") &&
      !before.includes("=") &&
      secretName.test(before) &&
      !argument.startsWith("-")
    )
      return "***";
    const [name, ...value] = argument.split("=");
    if (value.length > 0 && name && secretName.test(name)) return `${name}=***`;
    return argument.replace(/(\w+:\/\/[^:@/\s]*):[^@/\s]*@/g, "$1:***@");
  });
}
