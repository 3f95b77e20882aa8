/** `mpirun -n 2 havn train ...`: the numbers of one process, and nothing of the second one to be seen. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { havn, havnJson, startHavn } from "../src/cli/testing/havn-process.ts";
import { tinyReviews } from "../src/tasks/testing/tiny-reviews.ts";
import { type MpiLauncher, mpiLaunchers } from "../src/tensor/testing/mpi-launchers.ts";
import { openStore } from "../src/tracking/index.ts";

const program = fileURLToPath(new URL("../bin/havn.js", import.meta.url));
const launchers = mpiLaunchers();

let folder: string;
/** Batches of 7 rows and one of 3, two of them a step: no share of two processes is even. */
let training: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-processes-"));
  training = [
    ...(await tinyReviews(folder)),
    ...["training.epochs=20", "training.batch_size=7", "training.accumulate=2", "training.log_every=1"],
    ...["dropout", "attention_dropout", "seq_classif_dropout"].map(
      (name) => `++model.architecture.${name}=0`,
    ),
    "loss.class_weights=[1,3]",
  ];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const homeOf = (name: string) => join(folder, name);
const train = (name: string) => ["train", "movie-reviews", ...training, "--home", homeOf(name)];

const inProcesses = (count: number, { command, env }: MpiLauncher) => ({
  command: [...command(count), process.execPath, program] as [string, ...string[]],
  env,
});

/** Every point of the curves of the only run of a home. */
async function curvesOf(name: string): Promise<Map<string, number>> {
  const store = await openStore({ home: homeOf(name) });
  try {
    const [runId, ...others] = await readdir(join(homeOf(name), "checkpoints"));
    expect(others).toEqual([]);
    const keys = Object.keys((await store.getRun(runId!)).metrics);
    const histories = await Promise.all(
      keys
        .filter((key) => !["examples_per_second", "data_wait_seconds"].includes(key))
        .map((key) => store.metricHistory(runId!, key)),
    );
    return new Map(histories.flat().map(({ key, step, value }) => [`${key} of step ${step}`, value]));
  } finally {
    await store.close();
  }
}

function expectNear(curves: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): void {
  expect([...curves.keys()].sort()).toEqual([...expected.keys()].sort());
  const apart = [...expected].filter(
    ([key, value]) => Math.abs(curves.get(key)! - value) > 1e-5 * Math.max(1, Math.abs(value)),
  );
  expect(apart.map(([key, value]) => `${key}: ${curves.get(key)}, alone ${value}`)).toEqual([]);
}

describe.skipIf(launchers.length === 0)("two processes", () => {
  let alone: Map<string, number>;
  beforeAll(async () => {
    await havnJson(train("alone"));
    alone = await curvesOf("alone");
    expect(alone.get("train_loss of step 40")).toBeLessThan(alone.get("train_loss of step 1")!);
  });

  test.each(launchers)("of $name have the curves of one, and one voice", async (launcher) => {
    const { code, stdout, stderr } = await havn(
      [...train(launcher.name), "--json"],
      inProcesses(2, launcher),
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: "finished" });
    expect(stderr.match(/epoch 20\/20:/g)).toHaveLength(1);
    expect(stderr).toMatch(/training in 2 processes, \d+ threads? each/);
    expectNear(await curvesOf(launcher.name), alone);
  });

  test.each(launchers)("of $name end together, and go on where they were", async (launcher) => {
    const name = `${launcher.name} killed`;
    const options = inProcesses(2, launcher);
    const stopped = startHavn(train(name), options);
    onTestFinished(() => void stopped.stop("SIGKILL"));
    await stopped.says(/epoch 2\/20:/);
    // mpirun hands it on, and leaves the processes the time to write a checkpoint.
    expect((await stopped.stop("SIGUSR1")).stderr).toMatch(/interrupted after step \d+/);

    const [runId] = await readdir(join(homeOf(name), "checkpoints"));
    const resume = ["train", "movie-reviews", "--resume", runId!, "--home", homeOf(name)];
    const { code, stderr } = await havn(resume, options);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/resuming after step \d+ from /);
    expectNear(await curvesOf(name), alone);
  });

  test.each(launchers)("of $name fail with one message", async (launcher) => {
    const args = [...train(`${launcher.name} NaN`), "training.accumulate=1", "optimizer.learning_rate=1e30"];
    const failed = await havn(args, inProcesses(2, launcher));
    expect(failed.code).not.toBe(0);
    expect(failed.stderr.match(/the (loss is|gradient's norm is) NaN at step/g)).toHaveLength(1);
    expect(failed.stdout).toBe("");
  });
});
