import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FoundModel, findModel } from "./find-model.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "havn-find-"));
});
afterEach(() => rm(root, { recursive: true }));

/** Files in a folder, last written at so many seconds. */
async function write(folder: string, files: readonly string[], seconds: number): Promise<string> {
  const path = join(root, folder);
  await mkdir(path, { recursive: true });
  for (const file of files) {
    await writeFile(join(path, file), "");
    await utimes(join(path, file), seconds, seconds);
  }
  return path;
}
const checkpoint = ["progress.json", "state.safetensors"];

test("a model folder and a checkpoint are found by themselves", async () => {
  const model = await write("exported", ["havn.json", "model.onnx"], 1);
  expect(await findModel(model)).toEqual({ kind: "model", folder: model });
  const folder = await write("runs/abc/epoch-0001-step-00000008", checkpoint, 1);
  expect(await findModel(folder)).toEqual({ kind: "checkpoint", folder, runId: "abc" });
});

test("of several the newest is taken, half a checkpoint is none", async () => {
  await write("runs/abc/epoch-0002-step-00000016", checkpoint, 10);
  const newest = await write("runs/def/epoch-0001-step-00000008", checkpoint, 30);
  await write("runs/def/epoch-0002-step-00000016", ["progress.json"], 50);
  await write("older", ["havn.json"], 20);
  expect(await findModel(root)).toEqual({ kind: "checkpoint", folder: newest, runId: "def" });
  const isOlder = async ({ runId }: FoundModel) => runId === "abc";
  expect(await findModel(root, isOlder)).toMatchObject({ runId: "abc" });
  expect(await findModel(root, async () => false)).toMatchObject({ runId: "def" });
});

test("what is no model is said, with what is there", async () => {
  const notes = await write("notes", ["todo.txt"], 1);
  await expect(findModel(notes)).rejects.toThrow(
    /notes holds no model .* and no checkpoint of a run .*; there is todo\.txt$/,
  );
  await expect(findModel(join(notes, "todo.txt"))).rejects.toThrow(
    /must be a folder, got a file: give .*notes$/,
  );
  await expect(findModel(join(root, "nowhere"))).rejects.toThrow("nowhere: there is no such folder");
});
