import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compose } from "../config/index.ts";
import { absolutePaths } from "./typed-paths.ts";

let folder: string;
let workingFolder: string;
let projectFolder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-paths-"));
  workingFolder = join(folder, "here, it's");
  projectFolder = join(folder, "project");
  await mkdir(workingFolder);
  await mkdir(join(projectFolder, "conf"), { recursive: true });
  await writeFile(
    join(projectFolder, "conf", "config.yaml"),
    "train: train.csv\ntest: test.csv\nmodel: null\n",
  );
});
afterEach(() => rm(folder, { recursive: true }));

const keys = { files: ["train", "test"], folders: ["model"] };

/** The values that overrides come to. */
function typed(...overrides: string[]) {
  const conf = join(projectFolder, "conf");
  const absolute = absolutePaths(compose(conf, { overrides }), keys, { workingFolder, projectFolder });
  return compose(conf, { overrides: absolute }).values;
}

test("a path of an override starts where it was typed", async () => {
  await writeFile(join(workingFolder, "mine.csv"), "");
  expect(typed("train=mine.csv")).toEqual({
    train: join(workingFolder, "mine.csv"),
    ...{ test: "test.csv", model: null },
  });
});

test("a file that is only in the project is the project's", async () => {
  await writeFile(join(projectFolder, "other.csv"), "");
  expect(typed("train=other.csv")).toMatchObject({ train: "other.csv" });
});

test("a file that is in both is that of the working folder", async () => {
  await writeFile(join(projectFolder, "train.csv"), "");
  await writeFile(join(workingFolder, "train.csv"), "");
  expect(typed("++train=train.csv")).toMatchObject({ train: join(workingFolder, "train.csv") });
});

test("a file that is nowhere is missed where it was typed", () => {
  expect(typed("train=none.csv")).toMatchObject({ train: join(workingFolder, "none.csv") });
});

test("a file that is only in the folder of the data is left to it", async () => {
  await mkdir(join(projectFolder, "data"));
  await writeFile(join(projectFolder, "data", "other.csv"), "");
  await writeFile(join(projectFolder, "conf", "config.yaml"), "train: train.csv\nfolder: data\n");
  const conf = join(projectFolder, "conf");
  const places = { workingFolder, projectFolder };
  const train = (name: string) =>
    absolutePaths(
      compose(conf, { overrides: [`train=${name}`] }),
      { files: ["train"], filesIn: "folder", folders: ["folder"] },
      places,
    );
  expect(train("other.csv")).toEqual(["train=other.csv"]);
  expect(train("none.csv").join()).toContain(join(workingFolder, "none.csv"));
});

test("what is no folder here may be the name of a model, or nothing", async () => {
  expect(typed("model=distilbert-base-uncased")).toMatchObject({ model: "distilbert-base-uncased" });
  expect(typed("model=null")).toMatchObject({ model: null });
  await mkdir(join(workingFolder, "checkpoint"));
  expect(typed("model=checkpoint")).toMatchObject({ model: join(workingFolder, "checkpoint") });
});

test("absolute paths, and paths of the configuration's own files, stay as they are", async () => {
  await writeFile(join(workingFolder, "test.csv"), "");
  const train = join(folder, "train.csv");
  expect(typed(`train=${train}`)).toEqual({ train, test: "test.csv", model: null });
});
