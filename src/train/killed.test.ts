import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const script = fileURLToPath(new URL("testing/train-until-killed.ts", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "killed-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Trains in a process of its own until `moment`. */
function trainProcess(name: string, moment: string) {
  const paths = [join(folder, name), join(folder, `${name}.jsonl`)];
  return spawnSync(process.execPath, [script, ...paths, ...moment.split(" ")], { encoding: "utf8" });
}

/** Every point that was logged, without its time. */
async function curvesOf(name: string): Promise<string[]> {
  const lines = (await readFile(join(folder, `${name}.jsonl`), "utf8")).trim().split("\n");
  const metrics = lines
    .map((line) => JSON.parse(line))
    .filter(({ key }) => !["examples_per_second", "data_wait_seconds"].includes(key));
  return metrics.map(({ key, step, value }) => `${step} ${key} ${value}`).sort();
}

test("a process that is killed again and again ends with the numbers of one that was not", async () => {
  const uninterrupted = trainProcess("uninterrupted", "never");
  expect(uninterrupted).toMatchObject({ status: 0, stderr: "" });
  expect(JSON.parse(uninterrupted.stdout)).toEqual([["linear/weight", expect.any(Array)]]);

  const moments = [
    "step 1",
    "step 3",
    "writing state.safetensors",
    "step 8",
    "writing progress.json",
    "step 11",
  ];
  for (const moment of moments)
    expect(trainProcess("killed", moment), moment).toMatchObject({ signal: "SIGKILL" });
  const last = trainProcess("killed", "never");
  expect(last).toMatchObject({ status: 0, stderr: "", stdout: uninterrupted.stdout });
  expect(await curvesOf("killed")).toEqual(await curvesOf("uninterrupted"));
  // The same checkpoints are left, byte by byte, and nothing of those that were never finished.
  const names = await readdir(join(folder, "uninterrupted"));
  expect(await readdir(join(folder, "killed"))).toEqual(names);
  for (const path of names.flatMap((name) => [
    join(name, "state.safetensors"),
    join(name, "progress.json"),
  ])) {
    expect(await readFile(join(folder, "killed", path))).toEqual(
      await readFile(join(folder, "uninterrupted", path)),
    );
  }
});
