import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tinyModel } from "../../tasks/testing/tiny-model.ts";
import { openStore } from "../../tracking/index.ts";
import { havn, havnJson } from "../testing/havn-process.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-variants-"));
  const store = await openStore({ home });
  await tinyModel(home, store);
  await store.close();
});
afterAll(() => rm(home, { recursive: true, force: true }));

const models = (...args: string[]) => ["models", ...args, "--home", home];

test("a version in int8 is registered and shown beside the one it was made from", async () => {
  const { code, stdout, stderr } = await havn(
    models("quantize", "movie-reviews", "1", "--precision", "int8", "--max-drop", "1", "--sparsity", "0.5"),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(
    /^ +version 1 +int8, sparsity 0.5\nsize +\S+ MB +\S+ MB\nlatency of one input +\S+ ms +\S+ ms\n/,
  );
  expect(stdout).toMatch(/\nvalidation accuracy +\S+ +\S+\naccuracy is /);
  expect(stdout).toMatch(/\nclassifier.weight +\[2, 16\] +50.0 % zero\n/);
  expect(stdout).toContain(
    `registered as version 2; serve it with\n  npx havn models promote movie-reviews 2 --home`,
  );
});

test("one that is worse than allowed ends with 1 and says so", async () => {
  const args = ["quantize", "movie-reviews", "1", "--precision", "float16", "--max-drop", "-1.5"];
  const { code, stdout } = await havn(models(...args));
  expect(code).toBe(1);
  expect(stdout).toMatch(/not registered: accuracy is worse by \S+, and --max-drop allows -1.5\n$/);
  const json = await havn([...models(...args), "--json"]);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).not.toHaveProperty("version");
});

test("an export is a folder with the model and what prepares its inputs", async () => {
  const to = join(home, "exported");
  const { files } = await havnJson<{ files: string[] }>(
    models("export", "movie-reviews", "1", "--to", to, "--precision", "int8"),
  );
  expect(files).toEqual((await readdir(to)).sort());
  expect(files).toContain("inference.json");
  const { code, stderr } = await havn(models("export", "movie-reviews", "1", "--to", to));
  expect({ code, stderr }).toEqual({ code: 1, stderr: `error ${to} must be empty or not there yet\n` });
});

test.each([
  [["--precision", "int4"], "Allowed choices are float32, float16, int8"],
  [["--precision", "int8", "--sparsity", "1"], "must be from 0 to below 1"],
  [["--precision", "int8", "--max-drop", "little"], "must be a number such as 0.01"],
  [[], "required option '--precision <precision>' not specified"],
])("%j is refused", async (args, message) => {
  const { code, stderr } = await havn(models("quantize", "movie-reviews", "1", ...args));
  expect(code).toBe(1);
  expect(stderr).toContain(message);
});
