import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeEnvironment, environmentTags } from "./environment.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-environment-"));
afterAll(() => rm(folder, { recursive: true }));

async function repository(name: string): Promise<{ root: string; git: (...args: string[]) => string }> {
  const root = path.join(folder, name);
  await mkdir(path.join(root, "projects", "reviews"), { recursive: true });
  const identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
  const git = (...args: string[]) =>
    execFileSync("git", [...identity, ...args], { cwd: root, encoding: "utf8" }).trim();
  git("init", "--quiet", "--initial-branch=trunk");
  return { root, git };
}

test("a folder of a repository has commit, branch and whether anything was changed", async () => {
  const { root, git } = await repository("committed");
  const inside = path.join(root, "projects", "reviews");
  await writeFile(path.join(root, "package-lock.json"), "{}");
  git("add", "-A");
  git("commit", "--quiet", "-m", "first");
  const clean = await describeEnvironment(inside);
  expect(clean.git).toEqual({ commit: git("rev-parse", "HEAD"), branch: "trunk", dirty: false });
  expect(clean.lockfileHash).toBe(createHash("sha256").update("{}").digest("hex"));
  await writeFile(path.join(root, "untracked.txt"), "new");
  expect((await describeEnvironment(inside)).git).toMatchObject({ dirty: true });
  git("add", "-A");
  git("commit", "--quiet", "-m", "second");
  git("checkout", "--quiet", "--detach");
  expect((await describeEnvironment(inside)).git).toMatchObject({ branch: "(detached)", dirty: false });
});

test("without a commit, a repository or a folder it says so", async () => {
  const { root } = await repository("empty");
  expect((await describeEnvironment(root)).git).toEqual({ missing: "the git repository has no commit yet" });
  const outside = await describeEnvironment(folder);
  expect(outside.git).toEqual({ missing: "not a git repository" });
  expect(environmentTags(outside)).toMatchObject({ "havn.git.missing": "not a git repository" });
  const nowhere = await describeEnvironment(path.join(folder, "does", "not", "exist"));
  expect(nowhere.git).toEqual({ missing: "git is not installed, or the folder does not exist" });
});

test("the machine is described", async () => {
  const { nodeVersion, cpuCount, memoryBytes, havnVersion, platform } = await describeEnvironment(folder);
  expect(nodeVersion).toBe(process.version);
  expect(platform).toBe(`${process.platform}-${process.arch}`);
  expect(cpuCount).toBeGreaterThan(0);
  expect(memoryBytes).toBeGreaterThan(1e8);
  expect(havnVersion).toMatch(/^\d+\.\d+\.\d+/);
});

test("secrets on the command line are not recorded", async () => {
  const commandLine = [
    "havn",
    "run",
    "--token",
    "hunter2",
    "--api-key=hunter2",
    "tracking.password=hunter2",
    "tracking.uri=http://me:hunter2@host/path",
    "optimizer.lr=1e-3",
    "--quiet",
  ];
  const environment = await describeEnvironment(folder, { commandLine });
  expect(environment.commandLine).toEqual([
    "havn",
    "run",
    "--token",
    "***",
    "--api-key=***",
    "tracking.password=***",
    "tracking.uri=http://me:***@host/path",
    "optimizer.lr=1e-3",
    "--quiet",
  ]);
  expect(Object.values(environmentTags(environment)).join()).not.toContain("hunter2");
});
