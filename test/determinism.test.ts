/** The same seed gives the same numbers, whatever happens on the way: another process, kill -9, Ctrl-C. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { havn, havnJson, startHavn } from "../src/cli/testing/havn-process.ts";
import { tinyReviews } from "../src/tasks/testing/tiny-reviews.ts";
import { openStore } from "../src/tracking/index.ts";

let folder: string;
/** What every run of this file is started with: many short steps, each of them a checkpoint. */
let training: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-determinism-"));
  training = [
    ...(await tinyReviews(folder)),
    "training.epochs=8",
    "training.batch_size=4",
    "training.log_every=1",
    "training.checkpoint_seconds=0.001",
  ];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const train = (home: string, ...more: string[]) =>
  havnJson<{ runId: string; status: string }>([
    ...["train", "movie-reviews", ...training, ...more],
    ...["--home", join(folder, home)],
  ]);

/** Every point of every curve, without times and speeds. */
async function curvesOf(home: string, runId: string): Promise<string[]> {
  const store = await openStore({ home: join(folder, home) });
  try {
    const keys = Object.keys((await store.getRun(runId)).metrics).filter(
      (key) => !["examples_per_second", "data_wait_seconds"].includes(key),
    );
    const histories = await Promise.all(keys.map((key) => store.metricHistory(runId, key)));
    return histories.flat().map(({ key, step, value }) => `${key} ${step} ${value}`);
  } finally {
    await store.close();
  }
}

const modelOf = (home: string, runId: string) =>
  readFile(join(folder, home, "artifacts", runId, "model", "model.safetensors"));

async function statusOf(home: string, runId: string): Promise<string> {
  const store = await openStore({ home: join(folder, home) });
  try {
    return (await store.getRun(runId)).status;
  } finally {
    await store.close();
  }
}

/** The run of a home that has had no other. */
async function onlyRunOf(home: string): Promise<string> {
  const runs = await readdir(join(folder, home, "checkpoints"));
  expect(runs).toHaveLength(1);
  return runs[0]!;
}

// Windows has neither signal.
describe.skipIf(process.platform === "win32")("a run", () => {
  let uninterrupted: { curves: string[]; model: Buffer };

  beforeAll(async () => {
    const { runId } = await train("uninterrupted");
    uninterrupted = {
      curves: await curvesOf("uninterrupted", runId),
      model: await modelOf("uninterrupted", runId),
    };
    expect(uninterrupted.curves.length).toBeGreaterThan(48);
  });

  test("has the same numbers in another process, and others with another seed", async () => {
    const [same, other] = await Promise.all([train("same"), train("other", "seed=24")]);
    expect(await curvesOf("same", same.runId)).toEqual(uninterrupted.curves);
    expect(await modelOf("same", same.runId)).toEqual(uninterrupted.model);
    const otherCurves = await curvesOf("other", other.runId);
    expect(otherCurves).toHaveLength(uninterrupted.curves.length);
    expect(otherCurves).not.toEqual(uninterrupted.curves);
  });

  test("that is killed with -9 and resumed ends bit for bit like one that was not", async () => {
    const home = ["--home", join(folder, "killed")];
    const killed = startHavn(["train", "movie-reviews", ...training, ...home]);
    onTestFinished(() => void killed.stop("SIGKILL"));
    await killed.says(/epoch 2\/8:/);
    expect(await killed.stop("SIGKILL")).toMatchObject({ signal: "SIGKILL" });

    const runId = await onlyRunOf("killed");
    expect(await statusOf("killed", runId)).toBe("RUNNING");
    const resumed = await havn(["train", "movie-reviews", "--resume", runId, ...home]);
    expect(resumed.stderr).toMatch(/resuming after step \d+ from /);
    expect(resumed.stderr).not.toContain("epoch 1/8:");
    expect(resumed.code).toBe(0);
    expect(await statusOf("killed", runId)).toBe("FINISHED");
    expect(await curvesOf("killed", runId)).toEqual(uninterrupted.curves);
    expect(await modelOf("killed", runId)).toEqual(uninterrupted.model);
  });

  test("that Ctrl-C ends says how it goes on, and goes on with these very words", async () => {
    const home = join(folder, "home with a space");
    const interrupted = startHavn(["train", "movie-reviews", ...training, "--home", home]);
    onTestFinished(() => void interrupted.stop("SIGKILL"));
    await interrupted.says(/epoch 2\/8:/);
    const { code, stderr } = await interrupted.stop("SIGINT");
    expect(code).toBe(130);
    const runId = await onlyRunOf("home with a space");
    expect(await statusOf("home with a space", runId)).toBe("KILLED");

    const [command] = /npx havn train .*$/m.exec(stderr) ?? [];
    expect(command).toBe(`npx havn train movie-reviews --resume ${runId} --home '${home}'`);
    expect(await havn([], { command: ["sh", "-c", `${npx}\n${command}`] })).toMatchObject({ code: 0 });
    expect(await curvesOf("home with a space", runId)).toEqual(uninterrupted.curves);
    expect(await modelOf("home with a space", runId)).toEqual(uninterrupted.model);
  });
});

/** What npx comes to for `havn` in this repository, as a function of the shell. */
const npx = `npx() { shift; "${process.execPath}" "${fileURLToPath(new URL("../bin/havn.js", import.meta.url))}" "$@"; }`;
