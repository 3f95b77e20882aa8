import { execFile } from "node:child_process";
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { tinyReviews } from "../../tasks/testing/tiny-reviews.ts";
import { mpiLaunchers } from "../../tensor/testing/mpi-launchers.ts";
import { openStore } from "../../tracking/index.ts";
import { havn, havnJson } from "../testing/havn-process.ts";

const program = fileURLToPath(new URL("../../../bin/havn.js", import.meta.url));
const bundled = fileURLToPath(new URL("../../../projects/movie-reviews/", import.meta.url));

let folder: string;
let project: string;
let home: string[];
let runId: string;
let tiny: string[];
const git = (...args: string[]) =>
  promisify(execFile)("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args]);

/** A project of its own in a git repository, with a run of its first commit. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-reproduce-test-"));
  project = join(folder, "reviews");
  home = ["--home", join(folder, ".havn")];
  await cp(join(bundled, "conf"), join(project, "conf"), { recursive: true });
  await writeFile(
    join(project, "project.ts"),
    `import reviews from ${JSON.stringify(join(bundled, "project.ts"))};\nexport default { ...reviews, name: "mine" };\n`,
  );
  await writeFile(join(folder, ".gitignore"), ".havn\n");
  tiny = await tinyReviews(join(folder, "tiny"));
  await git("init", "-q");
  await git("add", ".");
  await git("commit", "-q", "-m", "first");
  const options = { cwd: folder };
  ({ runId } = await havnJson<{ runId: string }>(["train", project, ...tiny, ...home], options));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Result {
  readonly isSame: boolean;
  readonly metrics: readonly { readonly key: string; readonly values: number }[];
}
/** The project is found by the name that its run bears. */
const reproduce = (...args: string[]) =>
  havn(["reproduce", runId, "--project", project, "--json", ...home, ...args], { cwd: folder });

test("the same code, data and seed give the same numbers", async () => {
  const { code, stdout } = await reproduce();
  expect(code).toBe(0);
  const { isSame, metrics } = JSON.parse(stdout) as Result;
  expect(isSame).toBe(true);
  expect(metrics).toContainEqual({ key: "validation_loss", values: 2, isSame: true });
});

test("the commit of the run is checked out where the code is another by now", async () => {
  await appendFile(join(project, "conf", "config.yaml"), "\n# changed since\n");
  const config = join(project, "conf", "config.yaml");
  await writeFile(config, (await readFile(config, "utf8")).replace("seed: 23", "seed: 24"));
  await git("commit", "-q", "-a", "-m", "second");
  const { code, stdout, stderr } = await reproduce();
  expect(stderr).toMatch(/the code here is of commit \w+: \w+ is checked out/);
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as Result).isSame).toBe(true);
  expect((await git("worktree", "list")).stdout.trim().split("\n")).toHaveLength(1);
});

test("a number that is another now is named, and the command fails", async () => {
  const then = await openStore({ home: join(folder, ".havn") });
  onTestFinished(() => then.close());
  const { metrics } = await then.getRun(runId);
  const { value, step } = metrics.best_validation_accuracy!;
  const changed = { key: "best_validation_accuracy", value: value + 0.01, step, timestamp: Date.now() };
  await then.logBatch(runId, { metrics: [changed] });
  const { code, stdout, stderr } = await havn(["reproduce", runId, "--project", project, ...home], {
    cwd: folder,
  });
  expect(code, stderr).toBe(1);
  expect(stdout).toMatch(/best_validation_accuracy: differs from step \d+ on \(0.51 then, 0.5 now\)/);
  expect(stdout).toMatch(/validation_loss: the same, 2 values/);
  expect(stdout).toMatch(/is not reproduced: 1 of \d+ metrics differ/);
});

const launchers = mpiLaunchers();
describe.skipIf(launchers.length === 0)("a run that several processes trained", () => {
  test("is made again by as many", async () => {
    const { command, env } = launchers[0]!;
    const mine = ["--home", join(folder, ".havn", "processes")];
    const trained = await havnJson<{ runId: string }>(["train", project, ...tiny, ...mine], {
      ...{ cwd: folder, env },
      command: [...command(2), process.execPath, program],
    });
    const again = ["reproduce", trained.runId, "--project", project, "--json", ...mine];
    // More processes than cores are no matter here.
    const slots = {
      ...env,
      OMPI_MCA_rmaps_base_oversubscribe: "1",
      PRTE_MCA_rmaps_default_mapping_policy: ":oversubscribe",
    };
    const { code, stdout, stderr } = await havn(again, { cwd: folder, env: slots });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ isSame: true });
    expect(stderr).toContain("running it again, in 2 processes");

    const withoutLauncher = await havn(again, { cwd: folder, env: { PATH: await onlyGit() } });
    expect(withoutLauncher.code).toBe(1);
    expect(withoutLauncher.stderr).toContain("was trained in 2 processes, and there is no mpirun here");
  });
});

/** A folder of programs in which there is no mpirun, and which git ignores. */
async function onlyGit(): Promise<string> {
  const path = await mkdtemp(join(folder, ".havn", "bin-"));
  const { stdout } = await promisify(execFile)("which", ["git"]);
  await symlink(stdout.trim(), join(path, "git"));
  return path;
}

test("other data is refused with both hashes", async () => {
  await git("reset", "-q", "--hard", "HEAD~1");
  // Ignored by git, as data folders are: the code is the same.
  await appendFile(join(folder, "tiny", "train.csv"), "one more review,1\n");
  await git("update-index", "--assume-unchanged", "tiny/train.csv");
  const { code, stdout, stderr } = await reproduce();
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/training \(.*train\.csv\): [0-9a-f]+ then, [0-9a-f]+ now/);
});
