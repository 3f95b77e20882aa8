/** Imports go downward, and into another part only through its index.ts: see the order of the parts in ARCHITECTURE.md. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** Lowest first. Parts of one layer do not know each other. */
const layers = [
  ["tensor", "storage", "config", "http"],
  ["nn", "text", "image"],
  ["data", "tracking"],
  ["train", "serving", "monitoring", "jobs"],
  ["tasks"],
  // What a project.ts imports as `havn`.
  ["src/index.ts"],
  ["cli", "web"],
];

interface Import {
  /** `src/train/train.ts` */
  readonly file: string;
  /** `src/data/index.ts`, or `package` for what npm installs and Node has. */
  readonly target: string;
  readonly names: readonly string[];
  readonly isTypeOnly: boolean;
}

const root = fileURLToPath(new URL("../", import.meta.url));
const slashes = (path: string) => path.split(sep).join("/");
const partOf = (file: string): string =>
  file.startsWith("web/") ? "web" : (/^src\/([^/]+)\//.exec(file)?.[1] ?? file);
const layerOf = (part: string): number => layers.findIndex((layer) => layer.includes(part));
/** Code that only tests use may know everything. */
const isTestCode = (file: string): boolean =>
  /\.(test|fixture|contract)\.ts$|\/testing\//.test(file) || source(file).includes('from "vitest"');

const source = (file: string): string => readFileSync(join(root, file), "utf8");

const files = globSync(["src/**/*.ts", "{bench,projects,test,web}/**/*.{ts,svelte}"], {
  cwd: root,
  exclude: (name) => /node_modules|dist|\.as\.ts$|\.d\.ts$/.test(name),
}).map(slashes);

const clause =
  /\b(?:import|export)\s+(type\s+)?(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\}|\*(?:\s+as\s+\w+)?)?\s*(?:from\s*)?["']([^"'\n]+)["']/g;
const dynamic = /\bimport\(\s*["']([^"'\n]+)["']/g;

function importsOf(file: string): Import[] {
  const text = source(file).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const resolve = (specifier: string) =>
    specifier.startsWith(".") ? slashes(relative(root, join(root, dirname(file), specifier))) : "package";
  const fixed = [...text.matchAll(clause)].map(([, type, , list = "", specifier]): Import => {
    const names = list
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    const isTypeOnly = Boolean(type) || (names.length > 0 && names.every((name) => name.startsWith("type ")));
    return { file, target: resolve(specifier!), names: names.map(nameOf), isTypeOnly };
  });
  const late = [...text.matchAll(dynamic)].map(([, specifier]): Import => {
    return { file, target: resolve(specifier!), names: [], isTypeOnly: false };
  });
  return [...fixed, ...late];
}

/** `a` in `type a as b`. */
const nameOf = (name: string): string => name.replace(/^type\s+/, "").replace(/\s+as\s+.*$/, "");

const imports = files.flatMap(importsOf);
const between = imports.filter(
  ({ file, target }) => /^src\//.test(target) && partOf(file) !== partOf(target) && !isTestCode(file),
);

test("the files and their imports are found", () => {
  expect(files.length).toBeGreaterThan(200);
  expect(between.length).toBeGreaterThan(50);
  expect(importsOf("src/tasks/training-run.ts")).toContainEqual({
    file: "src/tasks/training-run.ts",
    target: "src/data/index.ts",
    names: ["Dataset", "describeDataset"],
    isTypeOnly: false,
  });
});

test("every part has its place in the order", () => {
  const parts = new Set(files.filter((file) => file.startsWith("src/")).map(partOf));
  expect([...parts].filter((part) => layerOf(part) < 0)).toEqual([]);
});

test("imports go downward", () => {
  const upward = between.filter(({ file, target }) => {
    const [from, to] = [layerOf(partOf(file)), layerOf(partOf(target))];
    return from >= 0 && to >= from;
  });
  expect(upward.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("parts are entered through their index.ts", () => {
  const inside = between.filter(({ target }) => !/^src\/[^/]+\/index\.ts$/.test(target));
  expect(inside.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test("the pages know no more of the program than its types", () => {
  const values = between.filter(({ file, isTypeOnly }) => file.startsWith("web/") && !isTypeOnly);
  expect(values.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});
