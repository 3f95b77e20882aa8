import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tinyReviews } from "../../tasks/testing/tiny-reviews.ts";
import { openStore, type Store } from "../../tracking/index.ts";
import { type HavnProcess, havn, havnJson, startHavn } from "../testing/havn-process.ts";

let folder: string;
let server: HavnProcess;
let tracking: string;
/** Of the server. */
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-evaluate-"));
  const home = join(folder, "server");
  server = startHavn(["track", "--port", "0", "--home", home]);
  const [, url] = await server.says(/MLFLOW_TRACKING_URI=(http:\S+)/);
  tracking = `tracking.uri=${url}`;
  store = await openStore({ home });
});
afterAll(async () => {
  await server.stop("SIGTERM");
  await store.close();
  await rm(folder, { recursive: true });
});

test("a run of another server is evaluated and continued there, from any home", async () => {
  const tiny = await tinyReviews(join(folder, "tiny"));
  const home = ["--home", join(folder, "here")];
  const train = (...args: string[]) =>
    havnJson<{ runId: string }>(["train", "movie-reviews", ...args, ...home]);
  const { runId } = await train(...tiny, tracking);
  expect(Object.keys((await store.getRun(runId)).metrics)).not.toContain("test_accuracy");

  const elsewhere = ["--home", join(folder, "elsewhere")];
  const evaluated = await havnJson<{ metrics: { test_accuracy: number } }>([
    ...["evaluate", "movie-reviews", "--run", runId, tracking, ...elsewhere],
  ]);
  expect(evaluated).toMatchObject({ runId, rows: 8, folder: "evaluation" });
  expect((await store.getRun(runId)).metrics.test_accuracy?.value).toBe(evaluated.metrics.test_accuracy);

  expect(await train("--resume", runId, tracking)).toMatchObject({ runId, status: "finished" });
});

test.each([
  [["reproduce", "none"], "models show NAME"],
  [["evaluate", "movie-reviews", "--run", "none"], "models show NAME"],
  [["sweep", "show", "none"], "sweep list"],
  [["sweep", "stop", "none"], "sweep list"],
  [["sweep", "--resume", "none"], "sweep list"],
])("%j says where ids are found, in the home that was meant", async (args, command) => {
  const home = join(folder, "empty");
  const { code, stderr } = await havn([...args, "--home", home]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/there is no (sweep|run with the id) "none"\.\n/);
  expect(stderr).toContain(`npx havn ${command} --home ${home}`);
  expect(stderr).toContain(`the pages of npx havn up --home ${home}`);
});

test("the misclassified rows of a run and of its newest checkpoint are written where one wants them", async () => {
  const home = join(folder, "mistaken");
  const tiny = await tinyReviews(join(folder, "tiny"));
  const { runId } = await havnJson<{ runId: string }>(["train", "movie-reviews", ...tiny, "--home", home]);
  const evaluate = async (...args: string[]) => {
    const file = join(folder, "misclassified.csv");
    const { mistakes } = await havnJson<{ mistakes: number }>([
      ...["evaluate", "movie-reviews", ...args, "--misclassified", file, "--home", home],
    ]);
    const [header, ...rows] = (await readFile(file, "utf8")).trimEnd().split("\r\n");
    return { mistakes, header, rows: rows.length };
  };
  for (const which of [
    ["--run", runId],
    ["--checkpoint", join(home, "checkpoints")],
  ]) {
    const { mistakes, header, rows } = await evaluate(...which);
    expect(rows).toBe(mistakes);
    if (mistakes > 0) expect(header).toBe("text,label,predicted,probability");
  }
});
