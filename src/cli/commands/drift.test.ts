import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DriftReport } from "../../monitoring/index.ts";
import { tinyReviews } from "../../tasks/testing/tiny-reviews.ts";
import { openStore } from "../../tracking/index.ts";
import { havn, havnJson, startHavn } from "../testing/havn-process.ts";

let folder: string;
let home: string[];
let runId: string;

/** A tiny model, and a service of it that was asked about its test rows. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-drift-"));
  home = ["--home", join(folder, "home")];
  const tiny = await tinyReviews(join(folder, "tiny"));
  ({ runId } = await havnJson<{ runId: string }>(["run", "movie-reviews", ...tiny, ...home]));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const drift = (...args: string[]) => havn(["drift", "movie-reviews", ...home, ...args]);

/** Shouts, each a few times as long as a review. */
async function shouts(count = 32): Promise<string> {
  const file = join(folder, `shouts-${count}.csv`);
  const rows = Array.from(
    { length: count },
    (_, i) => `${`WHAT A FILM ${i}! `.repeat(20 + i).trim()},${i % 2}`,
  );
  await writeFile(file, ["text,label", ...rows, ""].join("\n"));
  return file;
}

test("without predictions it says where they come from", async () => {
  const { code, stderr } = await drift();
  expect(code).toBe(1);
  expect(stderr).toContain("the log has no predictions of movie-reviews version 1; serve it with");
});

test("of a few rows nothing is said to have drifted, and no timer is alarmed", async () => {
  const file = await shouts(4);
  const { code, stdout } = await drift(`data.test=${file}`, "--fail-on-drift");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^too few rows to judge: 4 test rows of .*, and at least 30 are needed/m);
  expect(stdout).not.toContain("drifted");
  const told = await drift(`data.test=${file}`, "--json");
  expect(JSON.parse(told.stdout)).toMatchObject({
    ...{ isJudged: false, fewestRows: 30, driftedColumns: 0, share: 0, datasetDrift: false },
  });
});

/** More of the reviews that the model is made of. */
async function reviews(): Promise<string> {
  const file = join(folder, "reviews.csv");
  const own = new URL("../../../projects/movie-reviews/data/test.csv", import.meta.url);
  const lines = (await readFile(own, "utf8")).split("\n");
  await writeFile(file, [...lines.slice(0, 41), ""].join("\n"));
  return file;
}

test("the test rows of the model's own data have not drifted, and the reference is kept with the run", async () => {
  const { code, stdout } = await drift(`data.test=${await reviews()}`, "--fail-on-drift");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^no drift: \d of 7 columns .* of 40 test rows of .* differ from the 8 validation rows/m,
  );
  const store = await openStore({ home: join(folder, "home") });
  const kept = await store.artifacts(runId).read("drift/reference.json");
  await store.close();
  expect(JSON.parse(new TextDecoder().decode(kept)).rows).toHaveLength(8);
});

test("other texts have, and it can be told from the exit code", async () => {
  const file = await shouts();
  const page = join(folder, "drift.html");
  const { code, stdout } = await drift(`data.test=${file}`, "--fail-on-drift", "--report", page, "--json");
  expect(code).toBe(1);
  const report = JSON.parse(stdout) as DriftReport;
  expect(report).toMatchObject({ rows: { reference: 8, current: 32 }, datasetDrift: true });
  expect(report.columns.find(({ name }) => name === "upper_percent")).toMatchObject({ drifted: true });
  expect(await readFile(page, "utf8")).toMatch(/<section class="drifted">\s*<h2>upper_percent/);
  expect((await drift(`data.test=${file}`)).code).toBe(0);
  expect((await drift(`data.test=${file}`, "--drift-share", "1", "--fail-on-drift")).code).toBe(0);
});

describe("predictions that a service has logged", () => {
  beforeAll(async () => {
    const service = startHavn(["serve", "movie-reviews", "--port", "0", ...home]);
    const [, url] = await service.says(/POST (http:\/\/[^/]+)/);
    const file = await shouts();
    const args = ["evaluate", "movie-reviews", `data.test=${file}`, "--service", url!, ...home];
    expect((await havn(args)).code).toBe(0);
    await service.stop("SIGTERM");
  }, 60_000);

  test("are compared, all or the latest of them", async () => {
    const report = await havnJson<DriftReport>(["drift", "movie-reviews", ...home]);
    expect(report).toMatchObject({ rows: { reference: 8, current: 32 }, datasetDrift: true });
    const lately = await drift("--since", "12h");
    expect(lately.stdout).toContain("of 32 logged predictions since ");
    expect((await drift("--since", "2100-01-01")).stderr).toContain(
      "no predictions of movie-reviews version 1 since 2100-01-01T00:00:00.000Z",
    );
  });

  test("of another version are left out, and named", async () => {
    const store = await openStore({ home: join(folder, "home") });
    const { source } = await store.getModelVersion("movie-reviews", 1);
    const second = await store.createModelVersion({ name: "movie-reviews", source, runId, tags: {} });
    await store.setAlias("movie-reviews", "inference", second.version);
    await store.close();
    expect((await drift()).stderr).toContain("but 32 of version 1 (--model-version 1)");
    expect((await drift("--model-version", "1")).stdout).toContain("32 logged predictions");
  });
});

test.each([
  [["--since", "yesterday"], "must be a time such as 2026-11-20T08:00, or a span such as 7d, 12h or 30m"],
  [["--drift-share", "0"], "must be above 0 and at most 1"],
  [["data=rotten", "--since", "1d"], "--since is about the prediction log; other data has no time"],
])("%j is refused", async (args, message) => {
  const { code, stderr } = await drift(...args);
  expect(code).toBe(1);
  expect(stderr).toContain(message);
});
