/** The code of another commit in a folder of its own, beside the working tree that somebody works in. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { TaskError } from "./task-error.ts";

export interface Checkout extends AsyncDisposable {
  /** Root of the repository as it was. */
  readonly root: string;
  /** Where in it a folder of the working tree lies; undefined for one of another repository. */
  inside(folder: string): Promise<string | undefined>;
}

/**
 * Checks a commit out as a git worktree, with the packages that are installed now. Disposing takes it away.
 * @param folder any folder of the repository
 * @throws {TaskError} when the repository does not have the commit
 */
export async function checkOut(folder: string, commit: string): Promise<Checkout> {
  const git = (...args: string[]) => promisify(execFile)("git", ["-C", folder, ...args]);
  const top = await realpath((await git("rev-parse", "--show-toplevel")).stdout.trim());
  const parent = await mkdtemp(join(tmpdir(), "havn-commit-"));
  const root = join(parent, "code");
  try {
    await git("worktree", "add", "--detach", root, commit);
  } catch (error) {
    await rm(parent, { recursive: true, force: true });
    const words = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new TaskError(`commit ${commit} cannot be checked out from ${top}: ${words}`);
  }
  if (existsSync(join(top, "node_modules")))
    await symlink(join(top, "node_modules"), join(root, "node_modules"), "junction");
  return {
    root,
    async inside(folder) {
      const path = relative(top, await realpath(folder));
      return path.startsWith("..") ? undefined : join(root, path);
    },
    async [Symbol.asyncDispose]() {
      await rm(join(root, "node_modules"), { force: true });
      await git("worktree", "remove", "--force", root).catch(() => {});
      await rm(parent, { recursive: true, force: true });
    },
  };
}
