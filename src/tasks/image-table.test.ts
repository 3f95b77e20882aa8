import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { readPart } from "./image-files.ts";
import { type Head, type ImageTableConfig, readImageTable } from "./image-table.ts";

const root = await mkdtemp(join(tmpdir(), "havn-image-table-"));
afterAll(() => rm(root, { recursive: true, force: true }));

const heads: Head[] = [
  { name: "rank", labels: ["ace", "two", "joker"] },
  { name: "suit", labels: ["clubs", "hearts", "joker"], empty: "joker" },
];
const config: ImageTableConfig = {
  folder: "data",
  table: "cards.csv",
  image: "file",
  split: { column: "split", train: "train", validation: "valid", test: "test" },
  labels: { rank: "rank", suit: "suit" },
  leave_out: ["joker"],
  limit: null,
};
const rows = [
  "a/1.jpg,ace,clubs,train",
  "a/2.jpg,two,hearts,train",
  "joker.jpg,joker,,train",
  "b.jpg,two,clubs,valid",
  "c.jpg,ace,hearts,test",
];

let project: string;
const read = (changes: Partial<ImageTableConfig> = {}) =>
  readImageTable({ ...config, ...changes }, { folder: project, heads });

/** Files whose bytes are their names, and a table. */
async function write(lines: readonly string[]): Promise<void> {
  const names = rows.map((row) => row.split(",")[0]!);
  for (const name of names) {
    await mkdir(dirname(join(project, "data", name)), { recursive: true });
    await writeFile(join(project, "data", name), name);
  }
  await writeFile(join(project, "data/cards.csv"), `${["file,rank,suit,split", ...lines].join("\n")}\n`);
}

beforeEach(async () => {
  project = await mkdtemp(join(root, "project-"));
  await write(rows);
});

test("each row has its image, its labels and its split; jokers are left out", async () => {
  const { train, validation, test } = await read();
  expect(train.rows.map(({ name, labels }) => ({ name, labels }))).toEqual([
    { name: "a/1.jpg", labels: [0, 0] },
    { name: "a/2.jpg", labels: [1, 1] },
  ]);
  expect(validation.rows).toMatchObject([{ name: "b.jpg", labels: [1, 0] }]);
  expect(test.rows).toMatchObject([{ name: "c.jpg", labels: [0, 1] }]);
  expect(Buffer.from(await readPart(train.rows[1]!.part)).toString()).toBe("a/2.jpg");
});

test("a joker that is not left out is a rank and a suit of its own", async () => {
  const { train } = await read({ leave_out: [] });
  expect(train.rows[2]).toMatchObject({ name: "joker.jpg", labels: [2, 2] });
});

test("images are read from tar files as they are", async () => {
  const files = ["-C", join(project, "data"), "a", "b.jpg"];
  await promisify(execFile)("tar", ["-c", "-f", join(project, "data/images.tar"), ...files]);
  await rm(join(project, "data/a"), { recursive: true });
  await rm(join(project, "data/b.jpg"));
  const { train, validation } = await read();
  expect(Buffer.from(await readPart(train.rows[1]!.part)).toString()).toBe("a/2.jpg");
  expect(Buffer.from(await readPart(validation.rows[0]!.part)).toString()).toBe("b.jpg");
});

test("the hash follows names, labels and what the files hold, split by split", async () => {
  const before = await read();
  await writeFile(join(project, "data/a/2.jpg"), "another picture");
  const after = await read();
  expect(after.train.hash).not.toBe(before.train.hash);
  expect(after.test.hash).toBe(before.test.hash);
  expect((await read({ leave_out: [] })).test.hash).not.toBe(after.test.hash);
});

test("a limit takes rows from all over a split", async () => {
  const many = Array.from({ length: 10 }, (_, i) => `a/1.jpg,${i < 5 ? "ace" : "two"},clubs,train`);
  await write([...many, ...rows.slice(3)]);
  const { train } = await read({ limit: 4 });
  expect(train.rows.map(({ labels }) => labels[0])).toEqual([0, 0, 1, 1]);
});

describe("what is wrong is said with its line", () => {
  const message = async (lines: readonly string[], changes: Partial<ImageTableConfig> = {}) => {
    await write(lines);
    const error = await read(changes).then(
      () => undefined,
      (error: Error) => error,
    );
    return error?.message.replaceAll(project, "PROJECT");
  };

  test("an image that is not there, with the nearest that is", async () => {
    expect(await message([...rows, "a/3.jpg,ace,clubs,train"])).toMatchInlineSnapshot(
      `"PROJECT/data/cards.csv:7: file is refused (there is no such image; did you mean a/1.jpg?), got "a/3.jpg""`,
    );
  });

  test("a label that no head knows", async () => {
    expect(await message(["a/1.jpg,ase,clubs,train", ...rows])).toMatchInlineSnapshot(
      `"PROJECT/data/cards.csv:2: rank must be "ace", "two" or "joker", got "ase""`,
    );
  });

  test("a label that is missing", async () => {
    expect(await message(["a/1.jpg,,clubs,train", ...rows])).toMatchInlineSnapshot(
      `"PROJECT/data/cards.csv:2: rank must be "ace", "two" or "joker", got """`,
    );
  });

  test("a split that nobody named", async () => {
    expect(await message(["a/1.jpg,ace,clubs,dev", ...rows])).toMatchInlineSnapshot(
      `"PROJECT/data/cards.csv:2: split must be "train", "valid" or "test", got "dev""`,
    );
  });

  test("a split without rows", async () => {
    expect(await message(rows.slice(0, 4))).toMatchInlineSnapshot(
      `"PROJECT/data/cards.csv: no row is left of the test split, whose rows have "test" in the column split"`,
    );
  });

  test("a folder that is not there", async () => {
    expect(await message(rows, { folder: "elsewhere" })).toMatchInlineSnapshot(
      `"PROJECT/elsewhere: there is no such folder; data.folder must name one with images"`,
    );
  });

  test("a head without a column", async () => {
    expect(await message(rows, { labels: { rank: "rank" } })).toMatchInlineSnapshot(
      `"data.labels must name the column of suit: data.labels.suit=COLUMN"`,
    );
  });

  test("a column that the table does not have", async () => {
    expect(await message(rows, { image: "filepaths" })).toContain(
      "must have the column filepaths, got file, rank, suit, split",
    );
  });
});

test("the sample that comes with Havn is as its README says", async () => {
  const folder = join(import.meta.dirname, "../../projects/playing-cards");
  const cards = await readFile(join(folder, "data/cards.csv"), "utf8");
  expect(cards.trimEnd().split("\n")).toHaveLength(1 + 52 * (8 + 2 + 2));
});
