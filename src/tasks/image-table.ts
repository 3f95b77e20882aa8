/** Labelled images as a table names them: one row an image, with a label for each head and the split it belongs to. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { type Dataset, readTable, spreadRows } from "../data/index.ts";
import type { FilePart } from "./image-archive.ts";
import { FileHashes, imageFiles } from "./image-files.ts";
import type { Splits } from "./task.ts";
import { TaskError } from "./task-error.ts";

/** One question about an image, and the labels that answer it. */
export interface Head<Name extends string = string> {
  readonly name: Name;
  readonly labels: readonly string[];
  /** What an empty cell of the table says; without it each row must have a label. */
  readonly empty?: string;
}

export interface LabelledImage {
  /** As the table names it. */
  readonly name: string;
  readonly part: FilePart;
  /** By head: index into its labels. */
  readonly labels: readonly number[];
}

export const imageTableConfig = z.strictObject({
  /** Of the table and of the images, which are files in it or lie in its tar files; relative to the project. */
  folder: z.string(),
  /** CSV, TSV, JSONL or Parquet; relative to the folder. */
  table: z.string(),
  /** Column with the name of the image. */
  image: z.string(),
  /** Column that says which split a row belongs to, and its value for each. */
  split: z.strictObject({
    column: z.string(),
    train: z.string(),
    validation: z.string(),
    test: z.string(),
  }),
  /** Column of each head's labels. */
  labels: z.record(z.string(), z.string()),
  /** Rows with one of these labels are left out, and so are the labels. */
  leave_out: z.array(z.string()),
  /** At most so many rows of each split, spread evenly over the labels; null takes all. */
  limit: z.int().positive().nullable(),
});

export type ImageTableConfig = z.output<typeof imageTableConfig>;

type SplitName = keyof Splits<unknown>;

interface TableRow extends LabelledImage {
  readonly split: SplitName;
}

/**
 * Reads the three splits of a table.
 * @param heads with all labels that may stand in the table
 * @throws {DataError} with the line of a row whose image is missing or whose label is unknown
 * @throws {TaskError} when a split is empty
 */
export async function readImageTable(
  config: ImageTableConfig,
  { folder: project, heads }: { readonly folder: string; readonly heads: readonly Head[] },
): Promise<Splits<LabelledImage>> {
  const folder = resolve(project, config.folder);
  const schema = rowSchema(config, heads, await imageFiles(folder));
  const table = await readTable(resolve(folder, config.table), schema);
  const kept = keptLabels(heads, config);
  const hashes = new FileHashes();
  const splitOf = async (name: SplitName): Promise<Dataset<LabelledImage>> => {
    const all = table.rows.filter((row) => row?.split === name) as TableRow[];
    const rows = spreadRows(all, config.limit, ({ labels }) => labels.join()).map(
      ({ split: _, ...row }) => row,
    );
    if (rows.length === 0)
      throw new TaskError(
        `${table.source}: no row is left of the ${name} split, whose rows have "${config.split[name]}" in the column ${config.split.column}`,
      );
    return { name, rows, hash: await hashRows(rows, kept, hashes), source: table.source };
  };
  return {
    train: await splitOf("train"),
    validation: await splitOf("validation"),
    test: await splitOf("test"),
  };
}

/** The labels that a model knows: those that are not left out. */
export const keptLabels = <Name extends string>(
  heads: readonly Head<Name>[],
  { leave_out }: Pick<ImageTableConfig, "leave_out">,
): Head<Name>[] =>
  heads.map(({ name, labels }) => ({ name, labels: labels.filter((label) => !leave_out.includes(label)) }));

/** Rows as images with their labels; undefined for one that is left out. */
function rowSchema(config: ImageTableConfig, heads: readonly Head[], files: ReadonlyMap<string, FilePart>) {
  const { image, split, leave_out } = config;
  const kept = keptLabels(heads, config);
  const splits: Readonly<Record<string, SplitName>> = {
    [split.train]: "train",
    [split.validation]: "validation",
    [split.test]: "test",
  };
  const columns = heads.map((head) => columnOf(config, head));
  const label = ({ labels, empty }: Head, i: number) =>
    [columns[i]!, z.enum(empty === undefined ? labels : [...labels, ""])] as const;
  return z
    .object({
      [image]: z.string(),
      [split.column]: z.enum(Object.keys(splits)),
      ...Object.fromEntries(heads.map(label)),
    })
    .transform((row, context): TableRow | undefined => {
      const values = heads.map(({ empty = "" }, i) => row[columns[i]!] || empty);
      if (values.some((value) => leave_out.includes(value))) return undefined;
      const name = row[image]!;
      const part = files.get(name);
      if (!part) {
        const message = `there is no such image${hint(name, files)}`;
        context.addIssue({ code: "custom", path: [image], message });
        return z.NEVER;
      }
      const labels = kept.map((head, i) => head.labels.indexOf(values[i]!));
      return { name, part, labels, split: splits[row[split.column]!]! };
    });
}

function columnOf({ labels }: ImageTableConfig, { name }: Head): string {
  const column = labels[name];
  if (column === undefined)
    throw new TaskError(`data.labels must name the column of ${name}: data.labels.${name}=COLUMN`);
  return column;
}

function hint(name: string, files: ReadonlyMap<string, FilePart>): string {
  if (files.size === 0) return ": the folder is empty";
  const nearest = closest(name, [...files.keys()]);
  return distance(name, nearest) <= name.length / 4 ? `; did you mean ${nearest}?` : "";
}

/** Everything that the numbers of a run depend on: names, labels, and what the files hold. */
async function hashRows(rows: readonly LabelledImage[], heads: readonly Head[], hashes: FileHashes) {
  const hash = createHash("sha256").update(JSON.stringify(heads));
  for (const { name, part, labels } of rows)
    hash.update(JSON.stringify([name, labels, await hashes.of(part.file), part.range ?? null]));
  return hash.digest("hex");
}
