/** Makes a new project from a template and a table of one's own. */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { z } from "zod";
import { escapeInterpolations } from "../config/index.ts";
import { readTable, splitDataset } from "../data/index.ts";
import { loadTokenizer } from "../text/index.ts";
import { projectNames } from "./project.ts";
import { TaskError } from "./task-error.ts";

export interface NewProject {
  /** A folder that is empty or not there yet; its last name is that of the project. */
  readonly folder: string;
  /** A table of any kind that projects read. */
  readonly table: string;
  /** Names of its columns. */
  readonly text: string;
  readonly label: string;
  readonly seed?: number;
}

export interface InitializedProject {
  readonly name: string;
  readonly folder: string;
  readonly labels: readonly string[];
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
}

const template = fileURLToPath(new URL("../../templates/text-classification/", import.meta.url));
/** The name that the template bears. */
const templateName = "my-project";
/** A vocabulary that comes with Havn. */
const vocabulary = fileURLToPath(new URL("../../projects/movie-reviews/tokenizer/", import.meta.url));

/** More labels than these are no classes: the column is a text or a number. */
const mostLabels = 200;

/**
 * Writes a project that classifies the texts of a table: 80 % of the rows train, 10 % validate, 10 % test.
 * @throws {TaskError} when the folder is taken, or the labels are none that can be learned
 */
export async function initProject({
  folder,
  table,
  text,
  label,
  seed = 1,
}: NewProject): Promise<InitializedProject> {
  const name = basename(resolve(folder));
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new TaskError(
      `a project's name has lower case letters, digits and hyphens, got ${name}; ${nameLike(name)} would do`,
    );
  if ((await readdir(folder).catch(() => [])).length > 0)
    throw new TaskError(`${folder} must be empty or not there yet`);
  // The name is also that of the experiment and of the registered model.
  if ((await projectNames({ root: dirname(resolve(folder)) })).includes(name))
    throw new TaskError(`there is a project ${name} already; a new one needs a name of its own`);
  const rows = await readRows({ table, text, label });
  const labels = labelsOf(rows, label);
  const splits = splitDataset(
    rows,
    { train: 0.8, validation: 0.1, test: 0.1 },
    { seed, stratifyBy: (row: LabelledRow) => row.label },
  );

  await mkdir(join(folder, "data"), { recursive: true });
  for (const split of ["train", "validation", "test"] as const) {
    const lines = splits[split].map((row) => `${JSON.stringify(row)}\n`).join("");
    await writeFile(join(folder, "data", `${split}.jsonl`), lines);
  }
  await cp(vocabulary, join(folder, "tokenizer"), { recursive: true });
  await copyTemplate(folder, name);
  await edit(join(folder, "conf", "data", "own.yaml"), { labels: labels.map(escapeInterpolations) });
  const length = await usualLength(splits.train.map((row) => row.text));
  await edit(join(folder, "conf", "model", "small.yaml"), {
    max_length: length,
    architecture: { max_position_embeddings: length },
    recommended: lengthOfTraining(splits.train.length),
  });
  const { train, validation, test } = splits;
  return {
    name,
    folder,
    labels,
    rows: { train: train.length, validation: validation.length, test: test.length },
  };
}

const nameLike = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "") || templateName;

interface LabelledRow {
  readonly text: string;
  readonly label: string;
}

async function readRows({
  table,
  text,
  label,
}: Pick<NewProject, "table" | "text" | "label">): Promise<LabelledRow[]> {
  if (text === label)
    throw new TaskError(`--label must name another column than --text, got ${label} for both`);
  const schema = z.object({
    [text]: z.string().trim().min(1),
    [label]: z.preprocess(
      (value) => (typeof value === "string" ? value : String(value ?? "")),
      z.string().trim().min(1),
    ),
  });
  const { rows } = await readTable(table, schema);
  return rows.map((row) => ({ text: row[text]!, label: row[label]! }));
}

/** Sorted; those of the data are numbers or words. */
function labelsOf(rows: readonly LabelledRow[], column: string): string[] {
  const counts = Map.groupBy(rows, (row) => row.label);
  const labels = [...counts.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (labels.length < 2)
    throw new TaskError(`column ${column} must have two labels at least, it has ${labels.join(", ")}`);
  if (labels.length > mostLabels)
    throw new TaskError(
      `column ${column} has ${labels.length} different values, more than ${mostLabels}: is it the label?`,
    );
  const rare = labels.filter((label) => counts.get(label)!.length < 3);
  if (rare.length > 0)
    throw new TaskError(
      `each label must have three rows at least, to be learned and to be judged; ${rare.slice(0, 5).join(", ")} ${rare.length === 1 ? "has" : "have"} less`,
    );
  return labels;
}

/** Few rows are seen more often: a dozen steps teach a model nothing. */
function lengthOfTraining(rows: number): { batch_size: number; epochs: number } {
  const batch_size = rows < 500 ? 8 : rows < 1000 ? 16 : 32;
  const stepsOfEpoch = Math.ceil(rows / batch_size);
  return { batch_size, epochs: Math.min(30, Math.max(6, Math.ceil(300 / stepsOfEpoch))) };
}

/** Tokens that nineteen of twenty texts need, in steps of sixteen. */
async function usualLength(texts: readonly string[]): Promise<number> {
  const tokenizer = await loadTokenizer(vocabulary);
  const sample = texts.slice(0, 2000).map((text) => tokenizer.encode(text, { maxLength: 512 }).ids.length);
  const usual = sample.sort((a, b) => a - b)[Math.floor(0.95 * sample.length)] ?? 16;
  return Math.min(256, Math.max(16, 16 * Math.ceil(usual / 16)));
}

async function copyTemplate(folder: string, name: string): Promise<void> {
  await cp(template, folder, { recursive: true });
  for (const file of await readdir(template, { recursive: true })) {
    const path = join(folder, file);
    if (!/\.(ts|yaml|md)$/.test(file) || !existsSync(path)) continue;
    await writeFile(path, (await readFile(path, "utf8")).replaceAll(templateName, name));
  }
}

/** Sets keys of a YAML file and leaves its comments as they are. */
async function edit(
  file: string,
  values: Readonly<Record<string, unknown>>,
  path: readonly string[] = [],
): Promise<void> {
  const document = parseDocument(await readFile(file, "utf8"));
  const set = (given: Readonly<Record<string, unknown>>, at: readonly string[]): void => {
    for (const [key, value] of Object.entries(given)) {
      if (typeof value === "object" && value !== null && !Array.isArray(value))
        set(value as Readonly<Record<string, unknown>>, [...at, key]);
      else document.setIn([...at, key], document.createNode(value, { flow: true }));
    }
  };
  set(values, path);
  await writeFile(file, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
}
