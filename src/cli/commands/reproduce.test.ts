import { execFile } from "node:child_process";
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tinyReviews } from "../../tasks/testing/tiny-reviews.ts";
import { havn, havnJson } from "../testing/havn-process.ts";

const bundled = fileURLToPath(new URL("../../../projects/movie-reviews/", import.meta.url));

let folder: string;
let project: string;
let home: string[];
let runId: string;
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
  const tiny = await tinyReviews(join(folder, "tiny"));
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
