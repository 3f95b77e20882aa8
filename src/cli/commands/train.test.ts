import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { tinyReviews } from "../../tasks/testing/tiny-reviews.ts";
import { openStore } from "../../tracking/index.ts";
import { havn, havnJson } from "../testing/havn-process.ts";

let cwd: string;
let tiny: string[];
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "havn-train-"));
  tiny = (await tinyReviews(join(cwd, "tiny"))).filter((override) => !override.startsWith("data."));
});
afterAll(() => rm(cwd, { recursive: true }));

const fails = async (...args: string[]) => {
  const { code, stdout, stderr } = await havn(args, { cwd });
  expect(code).toBe(1);
  expect(stdout).toBe("");
  return stderr.replaceAll(cwd, "").trim();
};

describe("data of one's own", () => {
  const columns = ["data.text=review", "data.label=verdict"];

  test("trains by its paths from here, with its own columns and names of labels, and is evaluated from elsewhere", async () => {
    await mkdir(join(cwd, "my data"));
    const rows = ["a good film", "a bad film"].map((review, label) => ({ review, label }));
    const csv = rows.map(({ review, label }) => `${review},${label ? "negative" : "positive"}`).join("\n");
    await writeFile(join(cwd, "my data", "train.csv"), `review,verdict\n${csv}\n`);
    await writeFile(join(cwd, "my data", "test.csv"), `verdict,review\n1,good\n0,bad\n`);
    const jsonl = rows.map(({ review, label }) => JSON.stringify({ review, verdict: label })).join("\n");
    await writeFile(join(cwd, "validation.jsonl"), `${jsonl}\n`);

    const { runId } = await havnJson<{ runId: string }>(
      [
        ...["run", "movie-reviews", "data.train=my data/train.csv", "data.validation=validation.jsonl"],
        ...["data.test=./my data/test.csv", ...columns, ...tiny],
      ],
      { cwd },
    );
    const home = join(cwd, ".havn");
    const store = await openStore({ home });
    const { params } = await store.getRun(runId);
    await store.close();
    expect(params).toMatchObject({
      "data.train": join(cwd, "my data", "train.csv"),
      "data.validation": join(cwd, "validation.jsonl"),
      "data.text": "review",
    });
    const evaluated = await havnJson(["evaluate", "movie-reviews", "--home", home], { cwd: tmpdir() });
    expect(evaluated).toMatchObject({ runId, rows: 2 });
  });

  test("with a bad label names file, line, column and what is allowed", async () => {
    await writeFile(join(cwd, "bad.csv"), "review,verdict\ngood,1\nbad,4\n");
    expect(
      await fails("run", "movie-reviews", "data.train=bad.csv", ...columns, ...tiny),
    ).toMatchInlineSnapshot(
      `"error /bad.csv:3: verdict must be "0", "1", "negative" or "positive", got "4""`,
    );
  });

  test("that is not there is missed where it was typed", async () => {
    expect(await fails("run", "movie-reviews", "data.train=goud.csv", ...columns)).toMatchInlineSnapshot(
      `"error /goud.csv: there is no such file; did you mean bad.csv?"`,
    );
  });
});

test("--preset distilbert-base fine-tunes the checkpoint of a folder, with its tokenizer", async () => {
  const data = (await tinyReviews(join(cwd, "tiny"))).filter((override) => override.startsWith("data."));
  const train = (...args: string[]) =>
    havnJson<{ runId: string }>(["train", "movie-reviews", ...data, "training.epochs=1", ...args], { cwd });
  // What a run saves is such a checkpoint: config.json, model.safetensors and the tokenizer.
  const { runId: first } = await train(...tiny);
  const checkpoint = join(".havn", "artifacts", first, "model");
  const { runId: second } = await train(
    ...["--preset", "distilbert-base", `model.checkpoint=${checkpoint}`, "model.max_length=32"],
  );
  const read = (runId: string, file: string) =>
    readFile(join(cwd, ".havn", "artifacts", runId, "model", file), "utf8").then(JSON.parse);
  expect(await read(second, "config.json")).toEqual(await read(first, "config.json"));
  expect(await read(second, "tokenizer.json")).toEqual(await read(first, "tokenizer.json"));
  const evaluated = await havnJson(["evaluate", "movie-reviews", "--run", second], { cwd });
  expect(evaluated).toMatchObject({ runId: second, rows: 8 });
});

test("what is made says how it is looked at and made again, from where it lies", async () => {
  const data = (await tinyReviews(join(cwd, "tiny"))).filter((override) => override.startsWith("data."));
  const run = ["run", "movie-reviews", ...data, ...tiny, "training.epochs=1", "--home", "other home"];
  const { stdout } = await havn([...run, "--quiet"], { cwd });
  const [promoted, ...ways] = stdout.trim().split("\n");
  expect(promoted).toMatch(/^version 1 of movie-reviews is promoted/);
  const [, runId] = /see run (\w+)/.exec(stdout)!;
  expect(ways).toEqual([
    `see run ${runId} with npx havn up --home 'other home', at #/runs/${runId}`,
    `make it again: npx havn reproduce ${runId} --home 'other home'`,
  ]);
  const told = await havnJson<{ runId: string }>(["train", ...run.slice(1, -2)], { cwd });
  expect(told).toMatchObject({
    page: `#/runs/${told.runId}`,
    reproduce: `npx havn reproduce ${told.runId}`,
  });
});

describe("configuration", () => {
  const config = async (...args: string[]) => {
    const { stdout } = await havn(["train", "movie-reviews", ...args, "--cfg"], { cwd });
    return parse(stdout);
  };

  test("--cfg prints what a run would be made of, and trains nothing", async () => {
    expect(await config("training.epochs=3", "optimizer=sgd")).toMatchObject({
      ...{ seed: 23, model: { max_length: 64 }, optimizer: { name: "sgd", momentum: 0.9 } },
      training: { epochs: 3, batch_size: 32 },
    });
  });

  test("--preset is the same as model=", async () => {
    expect(await config("--preset", "distilbert-base")).toEqual(await config("model=distilbert-base"));
    expect(await fails("train", "movie-reviews", "--preset", "large")).toMatchInlineSnapshot(
      `"error --preset must be one of distilbert-base, small, got large"`,
    );
  });

  test("a key that does not exist is answered with the nearest one", async () => {
    expect(await fails("train", "movie-reviews", "training.epoch=3")).toMatchInlineSnapshot(
      `"error override training.epoch=3: training.epoch is unknown; did you mean training.epochs=3? To add it, type +training.epoch=3"`,
    );
  });

  test("several values need --multirun", async () => {
    expect(await fails("train", "movie-reviews", "training.epochs=1,2")).toMatchInlineSnapshot(`
      "error training.epochs=1,2 has several values, but this is a single run. Did you mean
        havn train movie-reviews training.epochs=1,2 --multirun    one run for each value
        havn train movie-reviews 'training.epochs=[1,2]'           one run with a list
        havn train movie-reviews 'training.epochs="1,2"'           one run with a text"
    `);
  });

  test("--multirun trains each combination", async () => {
    const data = await tinyReviews(join(cwd, "tiny"));
    const { stdout, code } = await havn(
      ["train", "movie-reviews", ...data, "training.epochs=1", "seed=1,2", "--multirun", "--json", "--quiet"],
      { cwd },
    );
    expect(code).toBe(0);
    const runs = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(runs).toMatchObject([{ status: "finished" }, { status: "finished" }]);
  });

  test("a resumed run keeps its own", async () => {
    expect(await fails("train", "movie-reviews", "seed=1", "--resume", "a".repeat(32))).toMatchInlineSnapshot(
      `"error --resume continues a run with its own configuration; leave out seed=1"`,
    );
    expect(await fails("train", "movie-reviews", "--resume", "a".repeat(32))).toMatchInlineSnapshot(`
      "error there is no run with the id "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".
      Those of a model's versions are named by npx havn models show NAME, all of them by the pages of npx havn up; another place is named by --home DIR or MLFLOW_TRACKING_URI"
    `);
  });
});

test("an error is a sentence, and a stack only with --verbose", async () => {
  expect(await fails("train", "movies")).toMatchInlineSnapshot(
    `"error there is no project "movies"; there are election-tweets, movie-reviews, playing-cards, toxic-comments, translator, or give a folder with a project.ts"`,
  );
  expect(await fails("train", "movies", "--verbose")).toContain("    at ");
  expect(await fails("trian", "movies")).toContain("Did you mean train?");
});
