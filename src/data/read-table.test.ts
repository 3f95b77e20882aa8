import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { DataError, describeDataset, readTable } from "./index.ts";

const review = z.object({ text: z.string().min(1), label: z.literal([0, 1]) });
const reviews = [
  { text: "a good film", label: 1 },
  { text: 'so "bad", it\r\nhurts', label: 0 },
];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-data-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

/** The message for a file of this content, without the temporary folder. */
async function complaint(name: string, content: string | Uint8Array, schema: z.ZodType = review) {
  const file = await written(name, content);
  const error = await readTable(file, schema).catch((thrown: unknown) => thrown);
  if (!(error instanceof DataError)) throw new Error(`expected a DataError, got ${String(error)}`);
  return error.message.replaceAll(`${folder}/`, "");
}

describe("one schema reads", () => {
  const csv = 'text,label\na good film,1\n"so ""bad"", it\r\nhurts",0\n';
  const columns = [
    { name: "text", data: reviews.map(({ text }) => text), type: "STRING" as const },
    { name: "label", data: reviews.map(({ label }) => BigInt(label)), type: "INT64" as const },
  ];
  test.each<[string, string | Uint8Array]>([
    ["reviews.csv", csv],
    ["marked.csv", `\uFEFF${csv}`],
    ["windows.csv", 'text,label\r\na good film,1\r\n\r\n"so ""bad"", it\r\nhurts",0\r\n'],
    ["unfinished.CSV", csv.trimEnd()],
    ["decimal-comma.csv", '\uFEFFtext;label\r\na good film;1\r\n"so ""bad"", it\r\nhurts";0\r\n'],
    ["packed.csv.gz", gzipSync(csv)],
    ["more.csv", 'id,label,text\n1,1,a good film\n2, 0 ,"so ""bad"", it\r\nhurts"\n'],
    ["reviews.jsonl", reviews.map((row) => JSON.stringify(row)).join("\n")],
    ["reviews.ndjson", `\uFEFF${reviews.map((row) => JSON.stringify({ id: 1, ...row })).join("\r\n\r\n")}\n`],
    ["reviews.parquet", new Uint8Array(parquetWriteBuffer({ columnData: columns }))],
  ])("%s", async (name, content) => {
    const dataset = await readTable(await written(name, content), review);
    expect(dataset.rows).toEqual(reviews);
    expect(dataset.hash).toBe(createHash("sha256").update(content).digest("hex"));
  });

  test("tab-separated text, where a quote is a character", async () => {
    const file = await written("pairs.tsv", 'danish\tenglish\n"hej\thi "you"\n');
    const pairs = await readTable(file, z.object({ danish: z.string(), english: z.string() }));
    expect(pairs.rows).toEqual([{ danish: '"hej', english: 'hi "you"' }]);
  });
});

test("a dataset is described without its rows", async () => {
  const source = await written("reviews.csv", "text,label\nfine,1\n");
  expect(describeDataset(await readTable(source, review))).toEqual({
    name: "reviews",
    rows: 1,
    source,
    hash: "fd6e70248ab1de875fe69951b7ecb15f5415b5cb640105fc8dedea6e29d2f67b",
  });
  expect((await readTable(source, review, { name: "train" })).name).toBe("train");
});

test("what was written is read, whatever it is", async () => {
  const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((value) => value.isWellFormed());
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (texts) => {
      const csv = await written("any.csv", `text\n${texts.map((value) => `${quoted(value)}\n`).join("")}`);
      const jsonl = await written(
        "any.jsonl",
        texts.map((value) => JSON.stringify({ text: value })).join("\n"),
      );
      for (const file of [csv, jsonl]) {
        const { rows } = await readTable(file, z.object({ text: z.string() }));
        expect(rows.map((row) => row.text)).toEqual(texts);
      }
    }),
    { numRuns: 50 },
  );
});

test("cells become what their column takes", async () => {
  const schema = z.object({
    count: z.int(),
    share: z.number().nullable(),
    sure: z.boolean(),
    note: z.string(),
    code: z.string().nullable(),
    age: z.number().optional(),
    weight: z.coerce.number().default(1),
  });
  const file = await written(
    "cells.csv",
    "count,share,sure,note,code,age,weight\n12,1.5e-3,true,007,,,\n-1,,FALSE,,x,30,2\n",
  );
  expect((await readTable(file, schema)).rows).toEqual([
    { count: 12, share: 0.0015, sure: true, note: "007", code: null, weight: 1 },
    { count: -1, share: null, sure: false, note: "", code: "x", age: 30, weight: 2 },
  ]);
});

describe("a bad row is named by the line where it begins", () => {
  test("in CSV", async () => {
    const lines = 'text,label\n"two\nlines",1\n\ngood,positive\n';
    expect(await complaint("reviews.csv", lines)).toMatchInlineSnapshot(
      `"reviews.csv:5: label must be 0 or 1, got "positive""`,
    );
    expect(await complaint("reviews.csv", lines.replaceAll("\n", "\r\n"))).toMatch(/^reviews.csv:5: /);
    expect(await complaint("reviews.csv", lines.replace('"two\nlines"', ""))).toMatchInlineSnapshot(`
      "reviews.csv:2: text must not be empty, got ""
      reviews.csv:4: label must be 0 or 1, got "positive""
    `);
  });

  test("in JSON Lines", async () => {
    expect(
      await complaint("r.jsonl", '{"text":"a","label":1}\n\n{"text":"b"}\n[1]\n{"text"\n'),
    ).toMatchInlineSnapshot(`
      "r.jsonl:3: must have the column label, got text
      r.jsonl:4: must be a JSON object, got [1]
      r.jsonl:5: must be JSON: Expected ':' after property name in JSON at position 7 (line 1 column 8)"
    `);
  });

  test("in Parquet, by its number", async () => {
    const columns = [
      { name: "text", data: ["a", "b"], type: "STRING" as const },
      { name: "label", data: [1n, 2n ** 60n], type: "INT64" as const },
    ];
    const file = new Uint8Array(parquetWriteBuffer({ columnData: columns }));
    expect(await complaint("r.parquet", file)).toMatchInlineSnapshot(
      `"r.parquet:2: label must be 0 or 1, got 1152921504606846976"`,
    );
    const numbers = z.object({ label: z.int() });
    expect(await complaint("r.parquet", file, numbers)).toMatchInlineSnapshot(
      `"r.parquet:2: label must be a number, got 1152921504606846976"`,
    );
  });

  test("as data, too", async () => {
    const file = await written("reviews.csv", "text,label\nfine,2\n");
    await expect(readTable(file, review)).rejects.toMatchObject({
      code: "bad_rows",
      path: file,
      badRows: [{ line: 2, column: "label", expected: "must be 0 or 1", got: 2 }],
    });
  });

  test("and after five of them reading stops", async () => {
    expect(await complaint("reviews.csv", `text,label\n${"bad,2\n".repeat(1000)}`)).toMatchInlineSnapshot(`
      "reviews.csv:2: label must be 0 or 1, got 2
      reviews.csv:3: label must be 0 or 1, got 2
      reviews.csv:4: label must be 0 or 1, got 2
      reviews.csv:5: label must be 0 or 1, got 2
      reviews.csv:6: label must be 0 or 1, got 2
      reviews.csv: stopped reading after 5 bad rows"
    `);
  });
});

test.each([
  [z.object({ x: z.number() }), "", "x must be a number, got nothing"],
  [z.object({ x: z.number().min(1) }), "0", "x must be at least 1, got 0"],
  [z.object({ x: z.number().positive() }), "0", "x must be more than 0, got 0"],
  [z.object({ x: z.number().lt(1) }), "1", "x must be less than 1, got 1"],
  [z.object({ x: z.int() }), "1.5", "x must be a whole number, got 1.5"],
  [z.object({ x: z.boolean() }), "yes", 'x must be true or false, got "yes"'],
  [z.object({ x: z.string().max(2) }), "abc", 'x must have at most 2 characters, got "abc"'],
  [z.object({ x: z.enum(["a", "b", "c"]) }), "d", 'x must be "a", "b" or "c", got "d"'],
  [z.object({ x: z.string().regex(/^#/) }), "d", 'x must be a valid /^#/, got "d"'],
  [z.object({ x: z.string().refine((x) => x === "y", "no y") }), "d", 'x is refused (no y), got "d"'],
])("what is expected is said in words: %#", async (schema, cell, message) => {
  expect(await complaint("t.csv", `x,y\n${cell},1\n`, schema)).toBe(`t.csv:2: ${message}`);
});

describe("a file is refused as a whole", () => {
  const neverClosed =
    'a field of this row begins with a quote that is never closed; write a quote inside a field as ""';
  const misplaced =
    'a quote may only enclose a whole field; put the field in quotes and write the quote inside it as ""';
  const long = `"a\r\nb",1\n${"fine,1\n".repeat(1000)}`;
  test.each([
    [
      "text,lable\nfine,1\n",
      ":1: the header must have the column label, got text, lable; should lable be label?",
    ],
    ["a,b\n1,2\n", ":1: the header must have the columns text, label, got a, b"],
    ["text,label,text\nfine,1,x\n", ':1: the header must name each column once, got "text" twice'],
    ["text,label\nfine,1,2\n", ":2: must have 2 fields (text, label), got 3"],
    ['text,label\nfine,1\n"never\r\nclosed,1\nfine,1\n', `:3: ${neverClosed}`],
    [`text,label\n${long}"never\nclosed,1\n`, `:1004: ${neverClosed}`],
    ['text,label\nan "odd" film,1\n', `:2: ${misplaced}`],
    [`text,label\n${long}an "odd" film,1\n`, `:1004: ${misplaced}`],
    ['text,label\n"an odd" film,1\n', `:2: ${misplaced}`],
    ["", ": is empty, expected a header line with text, label"],
    ["text,label\n", ": has no rows, expected at least one"],
  ])("%j", async (content, message) => {
    expect(await complaint("reviews.csv", content)).toBe(`reviews.csv${message}`);
  });

  test("that is not UTF-8", async () => {
    const latin1 = Buffer.from("text,label\nfine,1\nbrûlée,1\n", "latin1");
    expect(await complaint("reviews.csv", latin1)).toMatchInlineSnapshot(
      `"reviews.csv:3: must be UTF-8 text; save the file as UTF-8 and read it again"`,
    );
    const cut = Buffer.from("text,label\nbrû").subarray(0, -1);
    expect(await complaint("reviews.csv", cut)).toMatch(/^reviews.csv:2: must be UTF-8/);
  });

  test("that is no Parquet file, or lacks a column", async () => {
    expect(await complaint("r.parquet", "text,label\n")).toMatch(
      /^r.parquet: is no Parquet file that can be read/,
    );
    const columns = [{ name: "text", data: ["a"], type: "STRING" as const }];
    const file = new Uint8Array(parquetWriteBuffer({ columnData: columns }));
    expect(await complaint("r.parquet", file)).toMatchInlineSnapshot(
      `"r.parquet: must have the column label, got text"`,
    );
  });

  test("that is said to be compressed, and is not, or not whole, or of a kind that is not read so", async () => {
    expect(await complaint("r.csv.gz", "text,label\n")).toMatchInlineSnapshot(
      `"r.csv.gz: must be a whole gzip file, got: incorrect header check"`,
    );
    const packed = gzipSync("text,label\na good film,1\n");
    expect(await complaint("r.csv.gz", packed.subarray(0, -9))).toMatchInlineSnapshot(
      `"r.csv.gz: must be a whole gzip file, got: unexpected end of file"`,
    );
    expect(await complaint("r.csv.gz", gzipSync(Buffer.from("text,label\n\xff,1\n", "latin1")))).toMatch(
      /^r.csv.gz:2: must be UTF-8/,
    );
    expect(await complaint("r.parquet.gz", packed)).toMatch(/must end in .* got ".parquet.gz"$/);
  });

  test("that is not there, or of an unknown kind", async () => {
    await written("reviews.csv", "");
    const missing = readTable(join(folder, "review.csv"), review);
    await expect(missing).rejects.toThrow(/review.csv: there is no such file; did you mean reviews.csv\?$/);
    await expect(readTable(join(folder, "train.csv"), review)).rejects.toThrow(
      /train.csv: there is no such file; its folder has reviews.csv$/,
    );
    const nowhere = join(folder, "nowhere");
    await expect(readTable(join(nowhere, "train.csv"), review)).rejects.toThrow(
      `there is no folder ${nowhere}`,
    );
    await expect(readTable("reviews.xls", review)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: reviews.xls: must end in .csv, .tsv, .jsonl, .ndjson, .parquet, or of a compressed text file in .csv.gz and so on, got ".xls"]`,
    );
  });
});

const shared = fileURLToPath(new URL("../../../shared/data/reviews/train.csv", import.meta.url));
const present = existsSync(shared);
if (!present) console.warn("SKIPPED: shared/data/reviews is not beside the repository");

test.skipIf(!present)("the movie reviews are read whole", async () => {
  const { rows, hash } = await readTable(shared, review);
  expect(rows).toHaveLength(8530);
  expect(rows.filter(({ label }) => label === 1)).toHaveLength(4265);
  expect(hash).toBe(
    createHash("sha256")
      .update(await readFile(shared))
      .digest("hex"),
  );
});
