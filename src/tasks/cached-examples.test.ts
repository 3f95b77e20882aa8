import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cachedExamples } from "./cached-examples.ts";
import type { AnyTask } from "./task.ts";

let home: string;
let preparation: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "havn-cached-examples-"));
  preparation = join(home, "preparation");
  await mkdir(preparation);
  await writeFile(join(preparation, "task.json"), "{}");
});
afterEach(() => rm(home, { recursive: true }));

/** A task that counts letters, and how often it was asked to. */
function counting() {
  const asked: unknown[] = [];
  const task = {
    cached: true,
    prepare(row: { text: string }) {
      asked.push(row.text);
      return { length: row.text.length };
    },
    lengthOf: ({ length }: { length: number }) => length,
    outcomes: (_inputs: unknown, _outputs: unknown, rows: { text: string }[]) => rows.map(({ text }) => text),
  };
  return { task: task as unknown as AnyTask, asked };
}

const dataset = (name: string, ...texts: string[]) => ({
  ...{ name, hash: "of the file", source: `${name}.csv` },
  rows: texts.map((text) => ({ text })),
});

const cached = (
  task: AnyTask,
  { train = dataset("train", "one", "three"), note }: Partial<{ train: Dataset; note: Note }> = {},
) =>
  cachedExamples(
    task,
    { train, validation: dataset("validation", "seven") },
    { folder: join(home, "cache"), preparation, ...(note && { note }) },
  );

type Dataset = ReturnType<typeof dataset>;
type Note = (message: string) => void;

test("rows are prepared once; the next run finds them, place by place", async () => {
  const { task, asked } = counting();
  for (let run = 0; run < 2; run++) {
    const notes: string[] = [];
    const { trainable, rows } = await cached(task, { note: (message) => notes.push(message) });
    expect(notes).toEqual([
      expect.stringContaining(
        `the 2 rows of train: prepared ${run === 0 ? "once, in" : "by an earlier run"}`,
      ),
      expect.stringContaining(
        `the 1 rows of validation: prepared ${run === 0 ? "once, in" : "by an earlier run"}`,
      ),
    ]);
    expect(rows).toEqual({ train: [0, 1], validation: [2] });
    const examples = await Promise.all(
      [...rows.train, ...rows.validation].map((row) => trainable.prepare(row)),
    );
    expect(examples).toEqual([{ length: 3 }, { length: 5 }, { length: 5 }]);
    expect(trainable.outcomes({}, {}, [2, 0])).toEqual(["seven", "one"]);
  }
  expect(asked).toEqual(["one", "three", "seven"]);
});

test("other rows of the same file, or another preparation, are prepared anew", async () => {
  const { task, asked } = counting();
  await cached(task);
  await cached(task, { train: dataset("train", "three") });
  expect(asked.slice(3)).toEqual(["three"]);
  await writeFile(join(preparation, "task.json"), '{ "maxLength": 9 }');
  await cached(task);
  expect(asked.slice(4)).toEqual(["one", "three", "seven"]);
});

test("a file that is damaged is made anew", async () => {
  const { task, asked } = counting();
  await cached(task);
  for (const file of await readdir(join(home, "cache"))) await truncate(join(home, "cache", file), 5);
  await cached(task);
  expect(asked).toHaveLength(6);
});

test("without a folder nothing is kept", async () => {
  const { task, asked } = counting();
  const splits = { train: dataset("train", "one"), validation: dataset("validation", "two") };
  for (let run = 0; run < 2; run++) await cachedExamples(task, splits, { preparation });
  expect(asked).toHaveLength(4);
});
