import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { initProject } from "./init-project.ts";
import { loadProject, projectNames } from "./project.ts";
import { projectConfig } from "./project-config.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "havn-init-"));
});
afterEach(() => rm(root, { recursive: true }));

/** Forty letters, half of them kind; ids are different, notes all the same. */
async function letters(): Promise<string> {
  const rows = Array.from({ length: 40 }, (_, i) =>
    [i, i % 2 === 0 ? `"Dear friend, ""thank you"""` : "You fool", i % 2 === 0 ? "kind" : "10", "x"].join(
      ",",
    ),
  );
  const file = join(root, "letters.csv");
  await writeFile(file, ["id,letter,tone,note", ...rows, ""].join("\n"));
  return file;
}

test("a project has the rows, the labels and the name that were given", async () => {
  const table = await letters();
  const made = await initProject({
    folder: join(root, "kind-letters"),
    table,
    text: "letter",
    label: "tone",
  });
  expect(made).toMatchObject({
    name: "kind-letters",
    labels: ["10", "kind"],
    rows: { train: 32, validation: 4, test: 4 },
  });
  const project = await loadProject("kind-letters", { root });
  expect(project.name).toBe("kind-letters");
  expect(await projectNames({ root })).toContain("kind-letters");
  const config = projectConfig(project, [], { command: "havn train kind-letters" });
  // A dozen steps would teach the model nothing.
  expect(config.common.training).toMatchObject({ batch_size: 8, epochs: 30 });
  const { train, test: last } = await project.task.read(config.task, { folder: project.folder, seed: 1 });
  expect(train.rows).toHaveLength(32);
  expect(train.rows).toContainEqual({ text: 'Dear friend, "thank you"', label: 1 });
  expect(last.rows.filter((row) => (row as { label: number }).label === 0)).toHaveLength(2);
  expect(await readFile(join(project.folder, "README.md"), "utf8")).toContain("npx havn run kind-letters");
});

test.each([
  ["a name that is no name", "Kind Letters", "tone", "kind-letters would do"],
  ["a column that is not there", "a", "tune", /did you mean|must have the column tune/],
  ["a column of ids", "a", "id", /each label must have three rows at least/],
  ["a column of one value", "a", "note", "column note must have two labels at least, it has x"],
  [
    "the name of a project that comes with Havn",
    "movie-reviews",
    "tone",
    "there is a project movie-reviews already",
  ],
  ["the same column twice", "a", "letter", "--label must name another column than --text"],
])("%s is refused, and nothing is written", async (_, name, label, message) => {
  const folder = join(root, name);
  await expect(initProject({ folder, table: await letters(), text: "letter", label })).rejects.toThrow(
    message,
  );
  await expect(readFile(join(folder, "project.ts"))).rejects.toThrow("ENOENT");
});

test("labels that mean something to a configuration stay as they are, but for spaces around them", async () => {
  const labels = [`\${oc.env:HOME}`, "[a, b]: #c", "null", `\\\${seed}`];
  const rows = Array.from({ length: 60 }, (_, i) => ({ body: `text ${i}`, kind: ` ${labels[i % 4]} ` }));
  const table = join(root, "rows.jsonl");
  await writeFile(table, rows.map((row) => JSON.stringify(row)).join("\n"));
  const made = await initProject({ folder: join(root, "odd"), table, text: "body", label: "kind" });
  expect(made.labels.toSorted()).toEqual(labels.toSorted());
  const project = await loadProject("odd", { root });
  const config = projectConfig(project, [], { command: "havn train odd" });
  expect(config.composition.values.data).toMatchObject({ labels: made.labels });
  const { train } = await project.task.read(config.task, { folder: project.folder, seed: 1 });
  expect(train.rows).toContainEqual({ text: "text 0", label: made.labels.indexOf(labels[0]!) });
});

test("a folder that holds something is left alone", async () => {
  await mkdir(join(root, "taken"));
  await writeFile(join(root, "taken", "mine.txt"), "");
  const made = initProject({
    folder: join(root, "taken"),
    table: await letters(),
    text: "letter",
    label: "tone",
  });
  await expect(made).rejects.toThrow("must be empty or not there yet");
});
